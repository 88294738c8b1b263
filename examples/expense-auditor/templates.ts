/**
 * What the company spends money on: 23 kinds of expense in eight categories, with the range of a single amount.
 */

/** The categories of an expense. `travel` is getting there; a hotel is `lodging`. */
export const CATEGORIES = [
  "travel",
  "lodging",
  "meals",
  "software",
  "equipment",
  "conference",
  "office",
  "internet",
] as const;
export type Category = (typeof CATEGORIES)[number];

/** One kind of expense; amounts in US dollars. */
export interface ExpenseTemplate {
  readonly category: Category;
  readonly description: string;
  readonly low: number;
  readonly high: number;
  readonly stores: readonly string[];
}

/** Every kind of expense. */
export const EXPENSE_TEMPLATES: readonly ExpenseTemplate[] = [
  template("travel", "Flight to customer site", 400, 1500, ["Northwind Air", "Skylark Airways"]),
  template("travel", "Long-distance train tickets", 1000, 1500, ["Continental Rail", "InterLine"]),
  template("travel", "Rental car for the week", 1000, 1500, ["Milestone Cars", "Hatch Rental"]),
  template("travel", "Taxi to the airport", 150, 200, ["Metro Cab", "Harbor Taxi"]),
  template("travel", "Airport parking", 10, 50, ["ParkWell", "Terminal Parking"]),
  template("lodging", "Hotel during customer visit", 180, 900, ["Hotel Meridian", "Lakeside Inn"]),
  template("lodging", "Serviced apartment", 400, 1400, ["Keystone Stays", "Corner House"]),
  template("lodging", "Hotel near the conference", 220, 700, ["Grand Plaza", "Hotel Aurora"]),
  template("meals", "Team lunch", 40, 220, ["Olive & Thyme", "Noodle Bar"]),
  template("meals", "Client dinner", 80, 400, ["The Copper Pot", "Casa Verde"]),
  template("meals", "Working breakfast", 10, 45, ["Daily Bread", "Corner Cafe"]),
  template("meals", "Coffee with a candidate", 6, 25, ["Bean There", "Third Roast"]),
  template("software", "IDE subscription", 15, 80, ["Tooling Direct", "CodeMart"]),
  template("software", "Cloud sandbox credits", 50, 600, ["Stratus Cloud", "CodeMart"]),
  template("software", "API usage charges", 20, 350, ["Stratus Cloud", "Signal API"]),
  template("equipment", "Monitor", 250, 900, ["Pixel Depot", "Circuit House"]),
  template("equipment", "Keyboard and mouse", 60, 260, ["Pixel Depot", "Keywright"]),
  template("equipment", "Laptop dock", 120, 380, ["Circuit House", "Portside"]),
  template("conference", "Conference ticket", 300, 1600, ["DevSummit", "SystemsConf"]),
  template("conference", "Workshop fee", 150, 700, ["DevSummit", "Learnworks"]),
  template("office", "Stationery", 8, 70, ["Paper & Co", "Desk Supply"]),
  template("office", "Ergonomic chair", 200, 750, ["Desk Supply", "Upright"]),
  template("internet", "Home internet, monthly", 40, 110, ["FiberLink", "Broadway Net"]),
];

function template(
  category: Category,
  description: string,
  low: number,
  high: number,
  stores: readonly string[],
): ExpenseTemplate {
  return { category, description, low, high, stores };
}
