/** Tokens of one model call: prompt (all of it), completion, total, and of the prompt what was read from and written to the cache. */
export type Tokens = [prompt: number, completion: number, total: number, cached: number, written: number];

type Properties = Readonly<Record<string, unknown>>;

const MAX_TOKENS = 1_000_000_000;

/** Objects in which SDKs report usage, where an event was sent with properties of its own making. */
const USAGE = ['usage', 'token_usage', 'usage_metadata', 'usageMetadata', 'tokens'];

const PROMPT = [
  'prompt_tokens',
  'input_tokens',
  'promptTokens',
  'inputTokens',
  'promptTokenCount',
  'prompt',
  'input',
];
const COMPLETION = [
  'completion_tokens',
  'output_tokens',
  'completionTokens',
  'outputTokens',
  'candidatesTokenCount',
  'completion',
  'output',
];
const TOTAL = ['total_tokens', 'totalTokens', 'totalTokenCount', 'total'];
/** Part of the prompt tokens: OpenAI, LangChain, Gemini, DeepSeek. */
const CACHED_WITHIN = [
  'cached_tokens',
  'cachedContentTokenCount',
  'prompt_cache_hit_tokens',
  'prompt_tokens_details.cached_tokens',
  'input_tokens_details.cached_tokens',
  'input_token_details.cache_read',
];
/** Beside the prompt tokens: Anthropic and Bedrock. */
const CACHED_BESIDE = ['cache_read_tokens', 'cache_read_input_tokens', 'cacheReadInputTokens'];
const WRITTEN_BESIDE = [
  'cache_write_tokens',
  'cache_creation_input_tokens',
  'cacheWriteInputTokens',
  'cacheCreationInputTokens',
];

/**
 * The tokens that an event tells, or undefined where it tells none. Of prompt, completion and total any two give the third; a
 * total alone stays one, its parts 0. Providers count what their cache holds either within the prompt tokens or beside them:
 * here it is within.
 */
export function tokensOf(properties: Properties): Tokens | undefined {
  for (const usage of [properties, ...USAGE.map((name) => properties[name])]) {
    if (typeof usage !== 'object' || usage === null) continue;
    // bare words mean tokens only where the object is about tokens
    const tokens = readUsage(usage as Properties, usage !== properties);
    if (tokens) return tokens;
  }
  return undefined;
}

function readUsage(usage: Properties, bareWords: boolean): Tokens | undefined {
  const read = (names: readonly string[]) => firstAmount(usage, names, bareWords);
  const fresh = read(PROMPT);
  const told = read(COMPLETION);
  const total = read(TOTAL);
  if (fresh === undefined && told === undefined && total === undefined) return undefined;
  const beside = read(CACHED_BESIDE) ?? 0;
  const written = read(WRITTEN_BESIDE) ?? 0;
  let prompt = (fresh ?? 0) + beside + written;
  let completion = told ?? 0;
  if (total !== undefined && fresh === undefined && told !== undefined) prompt = Math.max(0, total - told);
  if (total !== undefined && told === undefined && fresh !== undefined) {
    completion = Math.max(0, total - prompt);
  }
  const cached = Math.min(prompt, (read(CACHED_WITHIN) ?? 0) + beside);
  return [
    prompt,
    completion,
    Math.max(total ?? 0, prompt + completion),
    cached,
    Math.min(prompt - cached, written),
  ];
}

function firstAmount(usage: Properties, names: readonly string[], bareWords: boolean): number | undefined {
  for (const name of names) {
    if (!bareWords && !/token|Token/.test(name)) continue;
    const [outer, inner] = name.split('.') as [string, string?];
    let value = usage[outer];
    if (inner !== undefined) value = (value as Properties | null | undefined)?.[inner];
    if (typeof value === 'number' && value >= 0 && value <= MAX_TOKENS) return Math.round(value);
  }
  return undefined;
}
