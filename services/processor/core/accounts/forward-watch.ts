import type { ForwardedRecord, ProcessorContext } from '../../../../lib/topology/topology.js';

/** Lets a processor's accounts see what it forwards. */
export class ForwardWatch<S> {
  private watched: { of: ProcessorContext<S>; context: ProcessorContext<S> } | null = null;

  constructor(private readonly onForward: (sent: ForwardedRecord) => void) {}

  /** The same context, watched. It is made once for as long as the same one comes. */
  of(context: ProcessorContext<S>): ProcessorContext<S> {
    if (this.watched?.of === context) return this.watched.context;
    const watched: ProcessorContext<S> = {
      state: context.state,
      get transaction() {
        return context.transaction;
      },
      deadLetter: context.deadLetter,
      forward: (sent) => {
        this.onForward(sent);
        context.forward(sent);
      },
    };
    this.watched = { of: context, context: watched };
    return watched;
  }
}
