import type { Random } from '../../../lib/testing/random.js';
import { exponential, hex, logNormal, randomFor, uuid, weighted } from './draw.js';
import { invocation } from './lambda.js';
import type { Printed } from './printed.js';
import { drawStream, Program, plain, type Speaker } from './process.js';
import type { Stream, Write } from './record.js';
import type { Delivery, Deployment } from './scenario.js';
import { type Agent, drawSession, type Session } from './session.js';
import { vocabulary } from './vocabulary.js';

/** Agents of one program with the streams that it prints into. */
interface Unit {
  program: Program;
  agents: Agent[];
  streams: Stream[];
  number: number;
}

/** A session placed in time. */
interface Placed {
  unit: Unit;
  agent: Agent;
  run: string;
  startMs: number;
  session: Session;
  speaker: Speaker;
}

/** Everything that a deployment writes, in no order. */
export function deploymentWrites(
  seed: number,
  deployment: Deployment,
  { skew_s, restarts_per_hour }: Delivery,
  startMs: number,
): Write[] {
  const random = randomFor(seed, deployment.name);
  const writes: Write[] = [];
  for (const unit of drawUnits(random, deployment, skew_s)) {
    const sessions = unit.agents.flatMap((agent) => drawSessions(random, deployment, unit, agent, startMs));
    sessions.sort((a, b) => a.startMs - b.startMs);
    if (deployment.platform === 'lambda') {
      writes.push(...lambdaWrites(random, deployment, unit, sessions, skew_s));
      continue;
    }
    const printed = sessions.flatMap((placed) => sessionWrites(random, deployment, placed));
    const endMs = Math.max(startMs, ...printed.map(({ atMs }) => atMs));
    for (const stream of unit.streams) {
      const restarts = times(random, restarts_per_hour / 3_600_000, startMs, endMs);
      writes.push(
        ...cutAtRestarts(
          printed.filter((write) => write.stream === stream),
          restarts,
        ),
      );
      writes.push(...ambientWrites(random, deployment, unit, stream, startMs, endMs, restarts));
    }
  }
  return withPositions(writes);
}

function drawUnits(random: Random, deployment: Deployment, skewS: number): Unit[] {
  const { agents, agents_per_stream, streams_per_agent, name } = deployment;
  const names = vocabulary().agents;
  const units: Unit[] = [];
  for (let first = 0; first < agents; first += agents_per_stream) {
    const number = units.length;
    units.push({
      program: new Program(randomFor(random.below(2 ** 31), 'program'), deployment),
      agents: Array.from({ length: Math.min(agents_per_stream, agents - first) }, (_, index) => ({
        name: `${random.pick(names)}-${name}-${first + index}`,
        framework: weighted(random, deployment.frameworks),
        domains: [random.pick(DOMAINS()), random.pick(DOMAINS())],
        model: random.pick(vocabulary().models),
        style: random.below(2 ** 31),
        pace: random.pick([1, 1, 4, 15, 60]),
      })),
      streams: Array.from({ length: deployment.platform === 'lambda' ? 0 : streams_per_agent }, (_, index) =>
        drawStream(random, deployment, number, index, skewS),
      ),
      number,
    });
  }
  return units;
}

const DOMAINS = (): string[] => Object.keys(vocabulary().domains);

function drawSessions(
  random: Random,
  deployment: Deployment,
  unit: Unit,
  agent: Agent,
  startMs: number,
): Placed[] {
  const { convention } = unit.program;
  // a request is one turn: its id ends with it
  const maxTurns = convention.kind === 'request' ? 1 : deployment.max_turns;
  const placed: Placed[] = [];
  for (const [worker, pauseS] of deployment.worker_pauses_s.entries()) {
    let atMs = startMs + random.next() * pauseS * 1_000;
    for (let n = 0; n < deployment.runs_per_worker; n++) {
      const session = drawSession(random, deployment, agent, maxTurns);
      placed.push({
        unit,
        agent,
        run: `${agent.name}/${worker}/${n}`,
        startMs: atMs,
        session,
        speaker: {
          sessionId: convention.newId(random),
          traceId: hex(random, 32),
          agent: agent.name,
          requestId: deployment.platform === 'lambda' ? uuid(random) : null,
          thread: `ThreadPoolExecutor-0_${worker}`,
        },
      });
      atMs += session.durationMs + logNormal(random, pauseS * 1_000, 0.9);
    }
  }
  return placed;
}

function sessionWrites(random: Random, deployment: Deployment, placed: Placed): Write[] {
  const { unit, session, startMs } = placed;
  let stream = random.pick(unit.streams);
  const others = unit.streams.filter((other) => other !== stream);
  const movesAt =
    others.length > 0 && random.chance(deployment.spread)
      ? random.below(session.records.length)
      : Number.POSITIVE_INFINITY;
  return session.records.map(({ atMs, printed }, index) => {
    if (index === movesAt) stream = random.pick(others);
    return writeOf(placed, printed, startMs + atMs, stream);
  });
}

const writeOf = ({ unit, run, speaker }: Placed, printed: Printed, atMs: number, stream: Stream): Write => ({
  atMs,
  run,
  kind: printed.kind,
  position: 'middle',
  stream,
  lines: unit.program.write(printed, speaker, Math.round(atMs + stream.skewMs)),
});

/** Invocations go to an environment that is free, the one used last; a new one starts where none is. */
function lambdaWrites(
  random: Random,
  deployment: Deployment,
  unit: Unit,
  sessions: Placed[],
  skewS: number,
): Write[] {
  const environments: { stream: Stream; freeMs: number }[] = [];
  return sessions.flatMap((placed) => {
    const { startMs, session, run, speaker } = placed;
    const free = environments.filter(({ freeMs }) => freeMs < startMs).sort((a, b) => b.freeMs - a.freeMs)[0];
    const environment = free ?? {
      stream: drawStream(random, deployment, unit.number, environments.length, skewS),
      freeMs: 0,
    };
    if (!free) environments.push(environment);
    const { stream } = environment;
    const { before, after, overheadMs, durationMs } = invocation(random, {
      requestId: speaker.requestId!,
      ending: session.ending,
      durationMs: session.durationMs,
      isCold: !free,
      atMs: startMs,
    });
    environment.freeMs = startMs + overheadMs + durationMs + 60;
    const platform = ({ atMs, lines, belongs }: (typeof before)[number]): Write => ({
      atMs,
      run: belongs ? run : null,
      kind: 'platform',
      position: 'middle',
      stream,
      lines: plain(lines, belongs ? [speaker.requestId!] : []),
    });
    return [
      ...before.map(platform),
      ...session.records.map(({ atMs, printed }) =>
        writeOf(placed, printed, startMs + overheadMs + atMs, stream),
      ),
      ...after.map(platform),
    ];
  });
}

/** Time in which a restarted process takes nothing on, milliseconds. */
const BOOT_MS = 1_000;

/** Runs under way at a restart print nothing after it, and none begins before the process is up again. */
function cutAtRestarts(writes: Write[], restarts: number[]): Write[] {
  const begins = new Map<string, number>();
  for (const { run, atMs } of writes)
    if (run !== null) begins.set(run, Math.min(begins.get(run) ?? Number.POSITIVE_INFINITY, atMs));
  return writes.filter(({ run, atMs }) => {
    const beganMs = begins.get(run ?? '') ?? atMs;
    return !restarts.some((restartMs) => beganMs < restartMs + BOOT_MS && restartMs <= atMs);
  });
}

function ambientWrites(
  random: Random,
  { ambient_per_minute, name }: Deployment,
  { program }: Unit,
  stream: Stream,
  startMs: number,
  endMs: number,
  restarts: number[],
): Write[] {
  const { access, ambient, boot } = vocabulary();
  const write = (atMs: number, text: string, logger: string): Write => {
    const printed: Printed = {
      afterMs: 0,
      lines: [text],
      origin: 'app',
      level: 'INFO',
      logger,
      kind: 'ambient',
      fields: {},
    };
    const speaker = { sessionId: null, traceId: null, agent: null, requestId: null, thread: 'MainThread' };
    return {
      atMs,
      run: null,
      kind: 'ambient',
      position: 'middle',
      stream,
      lines: program.write(printed, speaker, Math.round(atMs + stream.skewMs)),
    };
  };
  const idle = times(random, ambient_per_minute / 60_000, startMs, endMs).map((atMs) =>
    random.chance(0.5)
      ? write(
          atMs,
          `10.0.${random.below(255)}.${random.below(255)}:${40_000 + random.below(20_000)} - ${random.pick(access)}`,
          'uvicorn.access',
        )
      : write(
          atMs,
          random.pick(ambient).replace(/\{new:\w+\}/g, () => String(1 + random.below(60))),
          name,
        ),
  );
  return [
    ...idle,
    ...restarts.flatMap((atMs) =>
      boot.map((text, index) => write(atMs + 500 + index * 40, text, 'uvicorn.error')),
    ),
  ];
}

/** Times of events that come at a rate per millisecond, within [from, to). */
function times(random: Random, rate: number, from: number, to: number): number[] {
  const all: number[] = [];
  if (rate <= 0) return all;
  for (let atMs = from + exponential(random, rate); atMs < to; atMs += exponential(random, rate))
    all.push(atMs);
  return all;
}

/** Marks the first and the last write of each run. */
function withPositions(writes: Write[]): Write[] {
  const ends = new Map<string, { first: Write; last: Write }>();
  for (const write of writes) {
    if (write.run === null) continue;
    const known = ends.get(write.run);
    if (!known) ends.set(write.run, { first: write, last: write });
    else {
      if (write.atMs < known.first.atMs) known.first = write;
      if (write.atMs >= known.last.atMs) known.last = write;
    }
  }
  for (const { first, last } of ends.values()) {
    last.position = 'last';
    first.position = 'first';
  }
  return writes;
}
