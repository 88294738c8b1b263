/**
 * The company: 20 people in engineering, 6 in sales, 5 in marketing, and the few travel budgets that were agreed apart.
 */

/** Travel budget in US dollars a quarter of everyone without an agreement of their own. */
export const STANDARD_TRAVEL_BUDGET = 5_000;

/** The departments of the company. */
export const DEPARTMENTS = ["engineering", "sales", "marketing"] as const;
export type Department = (typeof DEPARTMENTS)[number];

/** The career levels, lowest first. */
export const LEVELS = ["junior", "mid", "senior", "staff", "principal"] as const;
export type Level = (typeof LEVELS)[number];

/** One person of the company. */
export interface Person {
  /** `ENG001` and so on. */
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly level: Level;
  readonly email: string;
  readonly department: Department;
}

/** A travel budget that differs from the standard one. */
export interface CustomBudget {
  readonly userId: string;
  /** US dollars a quarter. */
  readonly travelBudget: number;
  readonly reason: string;
}

/** Everyone, department by department, in the order of their ids. */
export const PEOPLE: readonly Person[] = [
  ...team("engineering", "ENG", [
    ["Alma Reyes", "Backend Engineer", "senior"],
    ["Bruno Falk", "Site Reliability Engineer", "staff"],
    ["Chiara Conti", "Frontend Engineer", "mid"],
    ["Dmitri Orlov", "Solutions Architect", "principal"],
    ["Esi Mensah", "Data Engineer", "senior"],
    ["Farid Haddad", "Backend Engineer", "junior"],
    ["Greta Lind", "Engineering Manager", "staff"],
    ["Hiro Tanaka", "Mobile Engineer", "mid"],
    ["Ines Duarte", "Security Engineer", "senior"],
    ["Jonas Weber", "Platform Engineer", "mid"],
    ["Kamala Iyer", "Machine Learning Engineer", "senior"],
    ["Liam Byrne", "Quality Engineer", "mid"],
    ["Mei Zhou", "Database Engineer", "staff"],
    ["Noor Aziz", "Frontend Engineer", "junior"],
    ["Otto Nyman", "Network Engineer", "senior"],
    ["Paula Rossi", "Developer Advocate", "senior"],
    ["Quentin Marsh", "Backend Engineer", "mid"],
    ["Rosa Vidal", "Embedded Engineer", "senior"],
    ["Samir Khan", "Release Engineer", "mid"],
    ["Tove Dahl", "Distinguished Engineer", "principal"],
  ]),
  ...team("sales", "SAL", [
    ["Uma Pillai", "Account Executive", "mid"],
    ["Victor Hale", "Sales Engineer", "senior"],
    ["Wanda Kowal", "Account Executive", "junior"],
    ["Xavier Blanc", "Regional Director", "staff"],
    ["Yara Costa", "Account Manager", "senior"],
    ["Zane Ortiz", "Head of Sales", "principal"],
  ]),
  ...team("marketing", "MKT", [
    ["Anika Berg", "Content Strategist", "mid"],
    ["Basil Quinn", "Designer", "senior"],
    ["Carmen Silva", "Growth Analyst", "junior"],
    ["Dario Neri", "Events Lead", "senior"],
    ["Elif Kaya", "Head of Marketing", "staff"],
  ]),
];

/** Every budget that was agreed apart. */
export const CUSTOM_BUDGETS: readonly CustomBudget[] = [
  { userId: "ENG002", travelBudget: 8_000, reason: "Data centre visits in two regions" },
  { userId: "ENG004", travelBudget: 12_000, reason: "Architecture reviews at customer sites" },
  { userId: "ENG016", travelBudget: 9_000, reason: "Conference talks" },
  { userId: "SAL004", travelBudget: 15_000, reason: "Covers three countries" },
  { userId: "SAL006", travelBudget: 20_000, reason: "Head of department with key accounts" },
  { userId: "MKT004", travelBudget: 10_000, reason: "Runs the trade fair stands" },
];

function team(
  department: Department,
  prefix: string,
  members: readonly (readonly [name: string, role: string, level: Level])[],
): readonly Person[] {
  return members.map(([name, role, level], index) => ({
    id: `${prefix}${String(index + 1).padStart(3, "0")}`,
    name,
    role,
    level,
    email: `${name.toLowerCase().replace(" ", ".")}@example.com`,
    department,
  }));
}
