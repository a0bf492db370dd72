/**
 * Names that Python, Java and .NET give to threads, tasks and processes, as patterns for the prefixes of lines. Bounded, so that a
 * prefix built of them is linear.
 */
export const LANE = [
  'Main(?:Thread|Process)',
  String.raw`(?:Thread|Dummy|Task|Process|Timer|(?:Spawn|Fork|ForkServer)(?:Pool)?(?:Process|Worker)|LokyProcess|Worker)-\d{1,8}(?:[:-]\d{1,6})?(?: ?\([\w.<>$-]{1,64}\))?`,
  String.raw`(?:[\w.]{1,48}[ ._-])?(?:ThreadPool|ProcessPool|Pool|pool|asyncio|executor|exec|worker|thread|task|virtual)[\w.]{0,32}[-_#]\d{1,6}(?:[-_]\d{1,6})?(?:-thread-\d{1,6}|-exec-\d{1,6})?`,
  String.raw`(?:http|https|nio|reactor|grpc|kafka)[\w.-]{0,48}-\d{1,6}`,
  'AnyIO worker thread',
].join('|');

const IS_LANE = new RegExp(`^(?:${LANE})$`);
const ENDS_WITH_COUNT = /^[A-Za-z][\w.]{0,48}[-_]\d{1,6}(?:_\d{1,6})?$/;

/** Whether what stands where loggers put their name is a thread's: a known one, or a name with a count. */
export const isLaneName = (name: string): boolean => IS_LANE.test(name) || ENDS_WITH_COUNT.test(name);
