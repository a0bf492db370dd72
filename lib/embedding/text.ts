/**
 * The text of an event that is embedded: its properties as `key: value` lines in the order of their keys; strings,
 * numbers and booleans count, arrays, objects and null are left out. An event whose properties say nothing is its type.
 * `properties` is the event's canonical JSON object.
 */
export function embeddingText(event: { event_type: string; properties: string }): string {
  const properties: unknown = JSON.parse(event.properties);
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
    return typeof properties === 'string' && properties.trim() !== '' ? properties : event.event_type;
  }
  const lines: string[] = [];
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'string' ? value.trim() !== '' : isScalar(value)) lines.push(`${key}: ${value}`);
  }
  return lines.length > 0 ? lines.join('\n') : event.event_type;
}

const isScalar = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean';
