/** Where a call went (Bedrock's inference profiles and vendors), not which model it was. */
const REGION = /^(?:us|eu|apac|ap|au|jp|ca|sa|me|af|us-gov|global)\./;
const VENDOR =
  /^(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|mistral|moonshotai|openai|qwen|writer)\./;
/** Bedrock's revision (`-v2:0`, `:0:200k`), Vertex's snapshot (`@20240620`). */
const REVISION = /(?:-v\d+)?(?::\d+(?::\w+)?)?$/;
const SNAPSHOT = /@[\w.-]+$/;
/** A dated or numbered release of a model: `-2024-08-06`, `-20241022`, `-0613`, `-001`, `-latest`, `-preview-05-20`. */
const RELEASE = /-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|latest|(?:preview|exp)(?:-\d{2}-\d{2,4})?)$/;

/**
 * The names under which a model may be found in a price table, from the one that was logged to the most general:
 * `us.anthropic.claude-3-5-sonnet-20241022-v2:0` → …, `claude-3-5-sonnet-20241022`, `claude-3-5-sonnet`. Lower case, distinct.
 * A fine-tuned model (`ft:…`) costs what fine-tuned ones cost, so it stays one.
 */
export function modelNames(logged: string): string[] {
  const whole = logged.trim().toLowerCase();
  if (whole.startsWith('ft:')) {
    const base = whole.split(':', 2).join(':');
    return distinct([whole, base, base.replace(RELEASE, '')]);
  }
  const names = [whole];
  const then = (change: (name: string) => string) => names.push(change(names.at(-1)!));
  then((name) => name.slice(name.lastIndexOf('/') + 1));
  then((name) => name.replace(REGION, ''));
  then((name) => name.replace(VENDOR, ''));
  then((name) => name.replace(SNAPSHOT, '').replace(REVISION, ''));
  // OpenRouter writes claude-3.5-sonnet, Anthropic claude-3-5-sonnet
  then((name) => (name.startsWith('claude') ? name.replaceAll('.', '-') : name));
  then((name) => name.replace(RELEASE, ''));
  then((name) => name.replace(RELEASE, ''));
  return distinct(names);
}

const distinct = (names: string[]): string[] => [...new Set(names)].filter((name) => name !== '');
