/** What is on its way to Kafka at once, bounded in records and in bytes: a slow broker is answered by 503, not by memory. */
export class Budget {
  private records = 0;
  private bytes = 0;

  constructor(
    private readonly maxRecords: number,
    private readonly maxBytes: number,
  ) {}

  /** Takes the share, or says no. Something that exceeds the limits by itself is taken when nothing else is under way. */
  tryTake(records: number, bytes: number): boolean {
    const fits = this.records + records <= this.maxRecords && this.bytes + bytes <= this.maxBytes;
    if (!fits && this.records > 0) return false;
    this.records += records;
    this.bytes += bytes;
    return true;
  }

  give(records: number, bytes: number): void {
    this.records -= records;
    this.bytes -= bytes;
  }

  get used(): { records: number; bytes: number } {
    return { records: this.records, bytes: this.bytes };
  }
}
