/** The name under which every worker of a coverage run files what it hit. */
export const RUN_ID = 'vitest'
