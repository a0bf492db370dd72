/**
 * How programs spell the names of what they put beside every message (MDC, `contextvars`, `logger.bind`): ids of the run, who speaks,
 * and on which thread. Compared in lower case without `_`, `-` and `.`.
 */
export type ContextKind =
  | 'trace'
  | 'session'
  | 'request'
  | 'run'
  | 'agent'
  | 'call'
  | 'task'
  | 'thread'
  | 'process'
  /** Kept under the name as printed; says nothing of whose the line is. */
  | 'other';

const SPELLINGS: Record<Exclude<ContextKind, 'other'>, string> = {
  trace: 'trace traceid oteltraceid ddtraceid xraytraceid xtraceid amzntraceid xamzntraceid b3traceid',
  session:
    'session sessionid sess sessid sid conversation conversationid conv convid convoid chat chatid chatsession chatsessionid threadid dialog dialogid dialogueid xsessionid',
  request:
    'request requestid req reqid rid correlation correlationid corr corrid cid xrequestid awsrequestid invocation invocationid transaction transactionid txid functionrequestid httprequestid',
  run: 'run runid execution executionid exec execid job jobid workflow workflowid flowid',
  agent: 'agent agentid agentname agentuuid bot botid botname assistant assistantid',
  call: 'callid toolcallid tooluseid toolcall functioncallid',
  task: 'taskname asynciotask',
  thread: 'thread threadname tid tname worker workerid lane',
  process: 'pid process processid processname proc',
};

const OTHERS =
  'span spanid otelspanid ddspanid parentspanid parentid user userid uid tenant tenantid customer customerid account accountid org orgid client clientid ' +
  'task taskid step stepid node host hostname pod service servicename otelservicename env environment version region component module app';

const KINDS: Record<string, ContextKind> = Object.create(null);
for (const [kind, names] of Object.entries(SPELLINGS))
  for (const name of names.split(' ')) KINDS[name] = kind as ContextKind;
for (const name of OTHERS.split(' ')) KINDS[name] = 'other';

const MAX_KEY_CHARS = 40;

/** What a context's key names, or null for a word that is none. */
export function contextKind(key: string): ContextKind | null {
  if (key.length > MAX_KEY_CHARS) return null;
  return KINDS[key] ?? KINDS[key.toLowerCase().replace(/[_.-]/g, '')] ?? null;
}
