import { type TObject, type TSchema, TypeGuard } from '@sinclair/typebox';
import { type Command, Option } from 'commander';
import { readMoment, showExactMoment } from './time-option.js';

/** What the user gave, by the parameter's name in the API. */
export type ApiParameters = Record<string, string | string[]>;

/** How long ago is for people; the API takes moments. */
const MOMENTS = new Set(['from', 'to']);

/**
 * An option for each property of a query or filter of the API, `--event-type` for `event_type`, so that a command always has
 * what the API has. Where the API takes several values, the option may be given several times.
 */
export function addApiOptions(
  command: Command,
  schema: Pick<TObject, 'properties'>,
  leftOut: readonly string[] = [],
): void {
  for (const [name, property] of Object.entries(schema.properties)) {
    if (leftOut.includes(name)) continue;
    const flag = name.replaceAll('_', '-');
    const text = MOMENTS.has(name)
      ? `${name === 'from' ? 'since' : 'before'}: ISO 8601, or how long ago (15m, 2h, 3d)`
      : (property.description ?? choicesOf(property));
    const option = new Option(`--${flag} <value>`, text);
    if (takesSeveral(property))
      option.argParser((value: string, known: string[] | undefined) => [...(known ?? []), value]);
    command.addOption(option);
  }
}

/** The options that were given, as the API takes them. @throws UserError naming a time that is none. */
export function readApiOptions(
  options: Record<string, unknown>,
  schema: Pick<TObject, 'properties'>,
  nowMs: number,
): ApiParameters {
  const parameters: ApiParameters = {};
  for (const name of Object.keys(schema.properties)) {
    const value = options[camelCase(name)];
    if (value === undefined) continue;
    parameters[name] = MOMENTS.has(name)
      ? showExactMoment(readMoment(`--${name}`, String(value), nowMs))
      : (value as string | string[]);
  }
  return parameters;
}

/** As the query string of a request. */
export function queryString(parameters: ApiParameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const one of [value].flat()) query.append(name, one);
  return String(query);
}

const camelCase = (name: string): string =>
  name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const takesSeveral = (schema: TSchema): boolean =>
  TypeGuard.IsUnion(schema) && schema.anyOf.some((one) => TypeGuard.IsArray(one));

/** `asc | desc` of a union of literals. */
const choicesOf = (schema: TSchema): string =>
  TypeGuard.IsUnion(schema)
    ? schema.anyOf.map((one) => String((one as { const?: unknown }).const ?? '')).join(' | ')
    : '';
