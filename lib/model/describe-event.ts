/** What {@link aboutEvent} reads of an event. */
export interface DescribedEvent {
  event_type: string;
  properties: Readonly<Record<string, unknown>>;
}

/** What an event says, most telling first: what its kind is about, else its text. Empty where it says nothing. */
export function aboutEvent({ event_type, properties: p }: DescribedEvent): string[] {
  const said = (...names: string[]) =>
    names.map((name) => p[name]).find((value) => value !== undefined && value !== null);
  const counted = (name: string, what: string) =>
    said(name) === undefined ? undefined : `${said(name)} ${what}`;
  const about: Record<string, unknown[]> = {
    agent_action: [said('tool_name'), said('tool_input')],
    tool_call: [said('tool_name'), said('tool_input')],
    tool_result: [said('tool_output', 'message')],
    tool_error: [said('tool_name'), said('error_message')],
    agent_thought: [said('reasoning', 'message')],
    agent_finish: [said('output', 'message')],
    chain_start: [said('chain_type')],
    chain_end: [said('chain_type')],
    llm_start: [said('model')],
    llm_end: [said('model'), counted('total_tokens', 'tokens')],
    error: [said('error_type'), said('error_message')],
    platform: [said('platform_event'), said('request_id')],
    query: [said('query_text')],
    retrieval: [counted('document_count', 'documents')],
    synthesis: [counted('source_count', 'sources')],
  };
  const parts = (about[event_type] ?? []).filter(
    (part) => part !== undefined && part !== null && part !== '',
  );
  if (parts.length === 0) parts.push(said('message') ?? '');
  return parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).filter(Boolean);
}
