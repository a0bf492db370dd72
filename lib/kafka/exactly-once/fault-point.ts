/** Named moments of the protocol at which tests end the process, to show that no moment loses or doubles anything. */
export const FAULT_POINTS = [
  'after-send',
  'after-offsets',
  'before-commit',
  'after-commit',
  'after-fence',
  'mid-restore',
] as const;

export type FaultPointName = (typeof FAULT_POINTS)[number];
export type FaultPoint = (name: FaultPointName) => void;

export const noFaultPoint: FaultPoint = () => {};

/**
 * `name:n` → a fault point that calls `strike` the n-th time that the named moment is reached.
 * @throws when the name is not one of {@link FAULT_POINTS} or n is not a positive integer.
 */
export function faultPointAt(spec: string, strike: () => void): FaultPoint {
  const [name, count = '1'] = spec.split(':');
  let left = Number(count);
  if (!(FAULT_POINTS as readonly string[]).includes(name!) || !Number.isInteger(left) || left < 1) {
    throw new Error(`a fault point is NAME:N with NAME one of ${FAULT_POINTS.join(', ')}; got '${spec}'`);
  }
  return (reached) => {
    if (reached === name && --left === 0) strike();
  };
}
