/**
 * The question of the example, and how an answer is to be laid out so that a program can check it.
 */

/** The question as it is put to the model. */
export const QUESTION =
  "Which engineering team members exceeded their Q3 travel budget? The standard budget is $5,000 a quarter; " +
  "for those above it, check whether they have a custom budget. " +
  "List each person on a line of its own: `- NAME (ID): spent $X of $Y`.";
