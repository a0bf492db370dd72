/** Named moments of the protocol at which tests end the process, to show that no moment loses or doubles anything. */
export const FAULT_POINTS = [
  'after-send',
  'after-offsets',
  'before-commit',
  'after-commit',
  'after-fence',
  'mid-restore',
  // of a consumer at least once: before its handler is given a batch, and before what the handler did is committed
  'before-write',
  'after-write',
] as const;

export type FaultPointName = (typeof FAULT_POINTS)[number];
/** Told that a moment is reached, and of which partition (`topic/partition`) the work at hand is, where it is of one. */
export type FaultPoint = (name: FaultPointName, partition?: string) => void;

export const noFaultPoint: FaultPoint = () => {};

/** What may be done to the process: ended, or stopped until somebody sends SIGCONT. */
const SIGNALS = ['SIGKILL', 'SIGSTOP'] as const;

export type FaultSignal = (typeof SIGNALS)[number];

interface Step {
  name: FaultPointName;
  /** Counted with work of this topic only; undefined: whatever is in hand. */
  topic: string | undefined;
  left: number;
  signal: FaultSignal;
}

/**
 * `name:n`, `name@topic:n`, each perhaps with `:SIGSTOP` → a function that calls `strike` the n-th time that the named moment
 * is reached (with work of that topic in hand); without a signal it is SIGKILL. After a comma another may follow, which
 * is counted from then on, with work of the same partition.
 * @throws when a name is not one of {@link FAULT_POINTS}, n is not a positive integer, or the signal is another.
 */
export function faultPointAt(spec: string, strike: (signal: FaultSignal) => void): FaultPoint {
  const steps = spec.split(',').map(parseStep);
  let struckAt: string | undefined;
  return (reached, partition) => {
    const [step] = steps;
    if (!step || step.name !== reached) return;
    if (step.topic !== undefined && !partition?.startsWith(`${step.topic}/`)) return;
    if (struckAt !== undefined && partition !== struckAt) return;
    if (--step.left > 0) return;
    steps.shift();
    struckAt = partition;
    strike(step.signal);
  };
}

function parseStep(spec: string): Step {
  const [moment, count = '1', signal = 'SIGKILL'] = spec.split(':');
  const [name, topic] = moment!.split('@');
  const left = Number(count);
  const isKnown =
    (FAULT_POINTS as readonly string[]).includes(name!) && (SIGNALS as readonly string[]).includes(signal);
  if (!isKnown || !Number.isInteger(left) || left < 1) {
    throw new Error(
      `a fault point is NAME:N, NAME@TOPIC:N or either with :SIGNAL, NAME one of ${FAULT_POINTS.join(', ')} and SIGNAL one of ${SIGNALS.join(', ')}; got '${spec}'`,
    );
  }
  return { name: name as FaultPointName, topic, left, signal: signal as FaultSignal };
}
