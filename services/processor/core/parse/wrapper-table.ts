import { withoutNames } from '../rules/rule-matcher.js';
import { LANE } from './header-names.js';

/**
 * What stands before a message: the formats of container runtimes, syslog and loggers, tried in this order at the start of
 * what is left. `kind` says what the prefix is put before: `container`, each physical line; `record`, each log record, so that
 * a line which has one begins a record of its own. Named groups: time, level, logger, request, thread, pid; where a format
 * spells one in several places, numbered.
 *
 * Every pattern is sticky and linear: bounded quantifiers, no two adjacent ones over the same characters.
 */
export type WrapperGroup = 'time' | 'level' | 'logger' | 'request' | 'thread' | 'pid';

export interface WrapperFormat {
  name: string;
  kind: 'container' | 'record';
  /** The first character must be one of these classes: d digit, u upper-case letter, l lower-case letter, U+0080 any beyond ASCII, or itself. */
  first: string;
  /** Its groups are by number: an object of them for each match costs as much as the match. */
  pattern: RegExp;
  groups: Record<WrapperGroup, number[]>;
  format: string;
  /**
   * Only where it cannot be prose: behind a time (and before any level), behind a level, behind that where no logger was named, or behind
   * any part of a logger's prefix.
   */
  after: 'time' | 'level' | 'unnamed' | 'head' | null;
}

const ISO = String.raw`\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d|[A-Z]{3,4}\b))?`;
const LEVEL = String.raw`(?:TRACE|DEBUG\d?|VERBOSE|INFO|INFORMATION|NOTICE|SUCCESS|LOG|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|FATAL|PANIC|EXCEPTION)`;
const ANY_LEVEL = `(?:[Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ss]uccess|[Ww]arn|[Ww]arning|[Ee]rror|[Cc]ritical|[Ff]atal|[Ee]xception|${LEVEL.slice(3)}`;
/** Level names of .NET's Lambda logger. */
const DOTNET = '(?:trce|dbug|warn|fail|crit)';
/** Lower-case levels, certain only where brackets, a colon or a tab follow. */
const LOWER =
  '(?:trace|debug|verbose|info|notice|warn|warning|error|err|critical|crit|fatal|alert|emergency)';
/** zerolog, slog-zerolog and Serilog abbreviate to three letters. */
const SHORT = '(?:TRC|DBG|INF|WRN|ERR|FTL|PNC)';
/** Loggers that cannot be a word of the message: dotted, `::`, dunder. */
const DOTTED = String.raw`(?:(?:[A-Za-z_$][\w$\-]{0,63}(?:\.|::)){1,12}[\w$]{1,64}|__\w{1,32}__)`;
const LOGGER = String.raw`[A-Za-z_][\w.$/\-]{0,127}`;
/** Lower-case words that agents put before what they say, so that they are no logger's name. */
const LABELS =
  'thought|thinking|action|observation|answer|final|query|question|response|result|results|input|output|error|warning|warn|info|debug|plan|planner|decision|reasoning|reason|step|task|tool|tools|function|user|human|assistant|system|ai|llm|message|prompt|completion|retrieved|retrieval|searching|search|critic|note|status|summary|caused|exception|context|source|sources|choice|http|https';
/** `[chain/start]` and `[3:tasks]` are what a tracer says, not who says it. */
const NO_STEP = String.raw`(?![a-z_]{1,24}/(?:start|end|error)\]|-?\d{1,6}:(?:tasks|writes|checkpoint)\])`;
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

const format = (
  name: string,
  kind: WrapperFormat['kind'],
  first: string,
  pattern: string,
  link: string,
  after: WrapperFormat['after'] = null,
): WrapperFormat => {
  const { unnamed, names } = withoutNames(pattern);
  const numbersOf = (group: WrapperGroup) =>
    names.flatMap((one, number) => (one?.replace(/\d$/, '') === group ? [number] : []));
  const groups = {
    time: numbersOf('time'),
    level: numbersOf('level'),
    logger: numbersOf('logger'),
    request: numbersOf('request'),
    thread: numbersOf('thread'),
    pid: numbersOf('pid'),
  };
  return { name, kind, first, pattern: new RegExp(unnamed, 'y'), groups, format: link, after };
};

/** As a first character: any beyond ASCII. */
const BEYOND_ASCII = '\u0080';

export const WRAPPERS: readonly WrapperFormat[] = [
  format(
    'cri',
    'container',
    'd',
    String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d)) std(?:out|err) [FP] `,
    'https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md',
  ),
  format(
    'lambda-node',
    'record',
    'd',
    String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)[\t ]{1,8}(?:(?<request>${UUID})|undefined)(?:[\t ]{1,8}(?<level>${ANY_LEVEL}|${DOTNET}))?[\t ]{1,8}`,
    'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html',
  ),
  format(
    'lambda-python',
    'record',
    '[',
    String.raw`\[(?<level>${LEVEL})\][\t ]{1,8}(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)[\t ]{1,8}(?:(?<request>${UUID})[\t ]{1,8})?`,
    'https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html',
  ),
  format(
    'aws-logs-tail',
    'container',
    'd',
    String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)) \d{4}/\d\d/\d\d/\[[^\]\n]{1,32}\][0-9a-f]{8,40} `,
    'https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html',
  ),
  format(
    'sam-logs',
    'container',
    'd',
    String.raw`\d{4}/\d\d/\d\d/\[[^\]\n]{1,32}\][0-9a-f]{8,40} (?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)?) `,
    'https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-logging.html',
  ),
  format(
    'compose',
    'container',
    'lu',
    String.raw`[A-Za-z][\w.\-]{0,62}[-_]\d{1,4}[ \t]{1,16}\| ?`,
    'https://docs.docker.com/reference/cli/docker/compose/logs/',
  ),
  format(
    'compose-service',
    'container',
    'l',
    String.raw`[a-z][\w.\-]{0,62} {2,32}\| ?`,
    'https://docs.docker.com/reference/cli/docker/compose/logs/',
  ),
  format(
    'pm2',
    'container',
    'd',
    String.raw`\d{1,4}\|[A-Za-z][\w.\-]{0,62} {1,32}\| ?`,
    'https://pm2.keymetrics.io/docs/usage/log-management/',
  ),
  format(
    'kubectl-prefix',
    'container',
    '[',
    String.raw`\[(?:pod|container)/[\w.\-]{1,253}(?:/[\w.\-]{1,253})?\] `,
    'https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/',
  ),
  format(
    'syslog-5424',
    'container',
    '<',
    String.raw`<\d{1,3}>1 (?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) [^\s]{1,255} [^\s]{1,48} [^\s]{1,128} [^\s]{1,32} (?:-|\[[^\]\n]{0,512}\]) `,
    'https://www.rfc-editor.org/rfc/rfc5424',
  ),
  format(
    'syslog-3164',
    'container',
    '<u',
    String.raw`(?:<\d{1,3}>)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d [\w.:\-]{1,255} (?<logger>[\w./\-]{1,64})(?:\[(?<pid>\d{1,10})\])?: `,
    'https://www.rfc-editor.org/rfc/rfc3164',
  ),
  format(
    'journal-iso',
    'container',
    'd',
    String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)) [\w.\-]{1,255} (?<logger>[\w.\-/]{1,64})\[(?<pid>\d{1,10})\]: `,
    'https://www.freedesktop.org/software/systemd/man/latest/journalctl.html',
  ),
  format(
    'fly',
    'container',
    'd',
    String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) \w{1,16}\[\w{1,32}\] [a-z]{3} \[(?<level>${LOWER})\] ?`,
    'https://fly.io/docs/monitoring/logging-overview/',
  ),
  format(
    'logplex',
    'container',
    'd',
    String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?\+00:00) [\w\-]{1,64}\[[\w.\-]{1,64}\]: `,
    'https://devcenter.heroku.com/articles/logging#log-format',
  ),
  format(
    'env-logger',
    'record',
    '[',
    String.raw`\[(?<time>${ISO}) (?<level>${LEVEL}) {1,2}(?<logger>[\w:\-]{1,128})\] `,
    'https://docs.rs/env_logger',
  ),
  format(
    'nest',
    'record',
    '[',
    String.raw`\[Nest\] \d{1,10} {1,4}- [\d/.]{8,10}, \d{1,2}:\d\d:\d\d(?: [AP]M)? {1,8}(?<level>LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL) (?:\[(?<logger>[\w ]{1,64})\] )?`,
    'https://docs.nestjs.com/techniques/logger',
  ),
  format(
    'celery',
    'record',
    '[',
    String.raw`\[(?<time>${ISO}): (?<level>${LEVEL})/(?<thread>[\w\-]{1,64})\] (?:(?<logger>[\w.]{1,128})\[[0-9a-f\-]{36}\]: )?`,
    'https://docs.celeryq.dev/en/stable/userguide/configuration.html#worker-log-format',
  ),
  format(
    'lambda-request',
    'record',
    'u',
    String.raw`RequestId: (?<request>${UUID}) (?=\[?${LEVEL}\b)`,
    'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html',
  ),
  format(
    'rich-same-second',
    'record',
    ' ',
    ` {10,24}(?<level>${LEVEL}) {1,8}`,
    'https://rich.readthedocs.io/en/stable/logging.html',
  ),
  format(
    'dotnet',
    'record',
    'l',
    String.raw`(?<level>trce|dbug|info|warn|fail|crit): (?<logger>[\w.]{1,200})\[\d{1,6}\](?:\s{1,16}|$)`,
    'https://learn.microsoft.com/dotnet/core/extensions/console-log-formatter',
  ),
  format(
    'klog',
    'record',
    'u',
    String.raw`(?<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6}[ ]{1,8}\d{1,10} (?<logger>[\w.\-/]{1,128}):\d{1,6}\] `,
    'https://github.com/kubernetes/klog',
  ),
  format(
    'loguru',
    'record',
    'd',
    String.raw`(?<time>${ISO}) \| (?<level>[A-Z]{3,10}) {0,8}\| (?<logger>[\w.<>]{1,128}):[\w<>]{1,128}:\d{1,6} - `,
    'https://loguru.readthedocs.io/en/stable/api/logger.html',
  ),
  format(
    'structlog',
    'record',
    'd',
    String.raw`(?<time>${ISO}) \[(?<level>[a-z]{3,9}) {0,8}\] (?:\[(?<logger>[\w.]{1,128})\] ?)?`,
    'https://www.structlog.org/en/stable/console-output.html',
  ),
  format(
    'time-name-level',
    'record',
    'd[',
    String.raw`\[?(?<time>${ISO})\]?[ \t]{1,4}(?:-|\||:)?[ \t]{0,4}\[?(?<logger>${LOGGER})\]?[ \t]{1,4}(?:-|\||:)?[ \t]{0,4}\[?(?<level>${LEVEL})\]?(?:[ \t]{0,8}[-|:][ \t]{1,4}|[ \t]{1,8})`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
  ),
  format(
    'time-level',
    'record',
    'd[',
    String.raw`\[?(?<time>${ISO})\]?[ \t]{0,4}[-|:,]?[ \t]{0,4}[[(<]?(?<level>${LEVEL})\b[\])>]?(?:[ \t]{1,8}(?:\[${NO_STEP}(?<logger>[\w.\-/: ]{1,128})\][ \t]{0,4}(?:[-:][ \t])?|[\w.]{1,128}:\d{1,6}[ \t]{1,4}(?:-[ \t])?|-[ \t]{1,4}|\|[ \t]{1,4})?|:[ \t]{0,4}|[ \t]*\|[ \t]*)`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
  ),
  format(
    'clock-level',
    'record',
    'd[',
    String.raw`\[?(?:\d\d/\d\d/\d\d )?\d\d:\d\d:\d\d(?:[.,]\d{1,6})?\]?[ \t]{1,4}(?:[-|][ \t]{1,4})?[[(]?(?<level>${LEVEL})\b[\])]?(?:[ \t]{0,8}[-|:])?[ \t]{1,16}`,
    'https://rich.readthedocs.io/en/stable/logging.html',
  ),
  format(
    'clock',
    'record',
    'd[',
    String.raw`\[?(?:\d{1,2}:\d\d:\d\d(?:[.,]\d{1,6})?(?: [AP]M)?|\d{1,2}:\d\d[AP]M)\]?(?:[ \t]{0,4}[-|])?[ \t]{1,16}(?=(?:[\w.\-]{1,64}=\S{1,128} ){0,4}(?:[[(]?[\w.$:\-/]{1,128}(?: Proxy| Router)?[\])]?[ \t]{0,4}[-|:]{0,2}[ \t]{0,8}){0,2}?(?:[[(]?${LEVEL}\b|\[${LOWER} {0,8}\]|${SHORT} ))`,
    'https://docs.python.org/3/library/logging.html#logging.Formatter.formatTime',
  ),
  format(
    'postgres',
    'record',
    'd[l',
    String.raw`(?:\[[\w\-]{1,16}\]|[a-z_]{2,16} ?=|\d{1,10}-|${ISO})[^\n]{0,512}?\b(?<level>LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|DETAIL|HINT|STATEMENT|CONTEXT|QUERY):  ?`,
    'https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LINE-PREFIX',
  ),
  format(
    'postgres-csv',
    'record',
    'd"',
    String.raw`"?(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) [A-Z]{3,5}"?,(?:"[^"\n]{0,128}"|[^,"\n]{0,128}),(?:"[^"\n]{0,128}"|[^,"\n]{0,128}),\d{1,10},(?:"[^"\n]{0,128}"|[^,"\n]{0,128}),(?<request>[0-9a-f]{1,16}\.[0-9a-f]{1,16}),\d{1,10},(?:"[^"\n]{0,64}"|[^,"\n]{0,64}),"?[^,"\n]{10,40}"?,"?[\d/]{0,32}"?,\d{1,20},"?(?<level>[A-Z]{3,9})"?,"?[0-9A-Z]{5}"?,"?`,
    'https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG',
  ),
  format(
    'time',
    'record',
    'd[',
    String.raw`(?:\[(?<time2>${ISO})\](?:[ \t]{0,4}[-|:,])?[ \t]{0,8}|(?<time>${ISO})(?:[ \t]{0,4}[-|:,])?[ \t]{1,8})`,
    'https://www.rfc-editor.org/rfc/rfc3339',
  ),
  // ---- threads and processes, wherever they stand ----
  format(
    'lane',
    'record',
    '[(',
    String.raw`[[(](?<thread>${LANE})[\])][ \t]{0,4}(?:[-:|][ \t]{1,4})?`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
  ),
  format(
    'pid',
    'record',
    '[(',
    String.raw`(?:\[pid[ :=]{1,2}(?<pid>\d{1,10})\]|\(pid[ :=]{1,2}(?<pid2>\d{1,10})\))[ \t]{0,4}(?:[-:|][ \t]{1,4})?`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
  ),
  // ---- behind a time: thread, place, logger, level, one at a time ----
  format(
    'pairs-before-level',
    'record',
    'l',
    String.raw`(?:request_id=(?<request>\S{1,128}) |[a-z][\w.]{0,63}=\S{1,256} ){1,8}(?=\[${LOWER} {0,8}\])`,
    'https://hexdocs.pm/logger/Logger.Formatter.html',
    'time',
  ),
  format(
    'name-before-level',
    'record',
    'ul_[',
    String.raw`\[?(?<logger>${LOGGER}(?: Proxy| Router)?)\]?[ \t]{0,4}[-|:]{0,2}[ \t]{0,8}(?=\[?${LEVEL}\b[\]:]?[ \t\-|:])`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
    'time',
  ),
  format(
    'thread',
    'record',
    '[{',
    String.raw`(?:\[(?<thread>[\w .:#/\-]{1,64})\][ \t]{0,4}(?=[[(]?${LEVEL}\b)|\{[\w.\-]{1,128}:\d{1,6}\}[ \t]{1,4}(?=${LEVEL}\b))`,
    'https://logback.qos.ch/manual/layouts.html',
    'time',
  ),
  format(
    'level-after-time',
    'record',
    'ul[',
    String.raw`(?:\[(?<level>${ANY_LEVEL}) {0,8}\]|(?<level2>${LOWER})(?=[:\t])|(?<level3>${SHORT})(?= )|(?<level4>${LEVEL})\b)(?:[ \t]{0,8}[-|:]{1,2}(?=[ \t]|$))?[ \t]{0,16}`,
    'https://github.com/winstonjs/winston',
    'time',
  ),
  format(
    'file-after-time',
    'record',
    'lu[',
    String.raw`\[?[\w.\-/]{1,128}\.(?:py|go|js|ts|java|rs|rb|kt|cs):\d{1,6}\]?(?:[ \t]{0,4}[-|:])?[ \t]{1,4}`,
    'https://pkg.go.dev/log#pkg-constants',
    'time',
  ),
  // ---- behind a level: place and logger ----
  format(
    'spring',
    'record',
    'd',
    String.raw`(?<pid>\d{1,10}) --- (?:\[[^\]\n]{0,64}\] {0,2}){0,2}\[ {0,32}(?<thread>[^\]\n ][^\]\n]{0,64})\] {0,2}(?<logger>[\w.$\[\]/]{1,128})[ \t]{1,64}: `,
    'https://docs.spring.io/spring-boot/reference/features/logging.html',
    'level',
  ),
  format(
    'pid-after-level',
    'record',
    '(',
    String.raw`\((?:[\w.\-]{1,64}/)?(?<pid>\d{1,10})(?: on [\w.\-]{1,64})?\): `,
    'https://github.com/pinojs/pino-pretty',
    'level',
  ),
  format(
    'thread-after-level',
    'record',
    '[',
    String.raw`\[(?<thread>main|[\w.\-/ ]{0,60}-?\d{1,6})\][ \t]{1,4}(?=${DOTTED}[ \t]{1,64}[-:])`,
    'https://logging.apache.org/log4j/2.x/manual/pattern-layout.html',
    'level',
  ),
  format(
    'place-after-level',
    'record',
    'lu[_-',
    String.raw`-?[ \t]{0,2}(?:\[[\w.<>/\-]{1,128}:\d{1,6}\]|[\w.\-/]{1,128}\.(?:py|go|js|ts|java|rs|rb|kt|cs)(?::\w{1,64})?:\d{1,6}|(?<logger>${DOTTED}):[\w.<>]{1,64}:\d{1,6}|in [a-z_][\w.]{0,63}:)(?:[ \t]{0,4}[-|:]|\t)?[ \t]{1,4}`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
    'level',
  ),
  format(
    'name-after-level',
    'record',
    'lu_[',
    String.raw`(?:\[${NO_STEP}(?<logger>[\w.\-/:$]{1,128})\][ \t]{0,4}(?:[-:|][ \t]{1,4})?|(?<logger2>${DOTTED})(?::\d{1,6})?[ \t]{0,64}(?:[-|:]{1,2}(?:[ \t]{1,4}|$)|\t)|(?<logger3>[a-z_][\w.\-]{0,63})(?:[ \t]{1,16}[-|][ \t]{1,4}|\t))`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
    'level',
  ),
  format(
    'signs-after-level',
    'record',
    '[',
    String.raw`\[(?<logger>browser_use\.[^\]\n]{1,128})\][ \t]{1,4}`,
    'https://github.com/browser-use/browser-use/blob/main/browser_use/logging_config.py',
    'level',
  ),
  format(
    'python-basic',
    'record',
    'u',
    String.raw`(?<level>${LEVEL}):(?<logger>[A-Za-z_][\w.\-]{0,127}):`,
    'https://docs.python.org/3/library/logging.html#logging.basicConfig',
  ),
  format(
    'pid-level',
    'record',
    'd',
    String.raw`(?<pid>\d{1,10}) (?<level>${LEVEL}) `,
    'https://www.pgbouncer.org/config.html',
  ),
  format(
    'bracket-level',
    'record',
    '[',
    String.raw`\[(?<level>${ANY_LEVEL}) {0,8}\][ \t]{0,4}(?:\[${NO_STEP}(?<logger>[\w.\-/]{1,128})\][ \t]{0,4})?(?:[-:][ \t]{1,4})?|\[(?<level2>Trace|Debug|Information|Warning|Error|Critical) - (?<logger2>[\w.\-]{1,128})\]: `,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
  ),
  format(
    'pytest',
    'record',
    'u',
    String.raw`(?<level>${LEVEL}) {1,8}(?<logger>[\w.\-]{1,128}):[\w.\-]{1,128}:\d{1,6} `,
    'https://docs.pytest.org/en/stable/how-to/logging.html',
  ),
  format(
    'level-name',
    'record',
    'u',
    String.raw`(?<level>${LEVEL})[ \t]{1,8}(?:\[(?<logger>[\w.\-/]{1,128})\]|(?<logger2>[a-z_][\w.]{0,127}))[ \t]{0,4}(?::\d{1,6})?[ \t]{0,4}[-:|][ \t]{1,4}`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
  ),
  format(
    'level',
    'record',
    'u',
    String.raw`(?<level>${LEVEL})(?::[ \t]{1,16}|[ \t]{1,8}[-|][ \t]{1,4})`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
  ),
  format(
    'sign-level',
    'record',
    BEYOND_ASCII,
    String.raw`(?:[^\x00-\x7f]{1,4} (?<level>${LEVEL}) {2,8}|[\u2800-\u28ff] [^\n.]{0,64}\.{3}(?=${LEVEL} {1,8}\[))`,
    'https://github.com/SWE-agent/SWE-agent/blob/main/sweagent/utils/log.py',
  ),
  format(
    'openhands-controller',
    'record',
    '[',
    String.raw`\[Agent Controller (?<request>[\w\-]{1,128})\] `,
    'https://github.com/All-Hands-AI/OpenHands/blob/0.59.0/openhands/controller/agent_controller.py',
  ),
  format(
    'vllm',
    'record',
    'u',
    String.raw`(?<level>${LEVEL}) \d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? (?:\[?(?:[\w\-]{1,64}/)*[\w.\-]{1,96}:\d{1,6}\] )?`,
    'https://github.com/vllm-project/vllm/blob/main/vllm/logging_utils/formatter.py',
  ),
  format(
    'bare-level',
    'record',
    'u',
    String.raw`(?<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL) {1,8}(?=[A-Z*=\-[<(][\w*=\- ])`,
    'https://rich.readthedocs.io/en/stable/logging.html',
  ),
  format(
    'winston',
    'record',
    'l',
    String.raw`(?<level>info|warn|warning|error|debug|verbose|silly): (?=\S)`,
    'https://github.com/winstonjs/winston',
  ),
  // ---- names behind a level that nothing else took ----
  format(
    'bare-lane',
    'record',
    'lu',
    String.raw`(?<thread>${LANE})(?:[ \t]{0,8}[-|:][ \t]{1,4}|[ \t]{1,8}(?=\[?${LEVEL}\b|\[))`,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
    'head',
  ),
  format(
    'module-function-line',
    'record',
    'lu_<',
    String.raw`(?<logger>[\w.<>]{1,128}):[\w<>]{1,128}:\d{1,6}[ \t]{1,4}[-|][ \t]{1,4}`,
    'https://loguru.readthedocs.io/en/stable/api/logger.html',
    'unnamed',
  ),
  format(
    'name-colon',
    'record',
    'l_',
    String.raw`(?!(?:${LABELS})\b)(?<logger>[a-z_]\w{0,63}(?:[.\-]\w{1,63}){0,12})(?::\d{1,6})?: `,
    'https://docs.python.org/3/library/logging.html#logrecord-attributes',
    'unnamed',
  ),
];

/** One letter of klog to the level that it stands for. */
export const KLOG_LEVELS: Record<string, string> = { I: 'INFO', W: 'WARNING', E: 'ERROR', F: 'FATAL' };
