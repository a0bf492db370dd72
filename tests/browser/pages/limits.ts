/** A trial of rules may take so long: its process gives way to all others. */
export const TRIAL_MS = 45_000;
