import { describe, expect, it } from 'vitest';
import { traceStatus } from './trace-status.js';

const at = (ms: number | null) => (ms === null ? null : { ms, event_id: `e${ms}` });

describe('the status of a trace', () => {
  it.each<[string, number | null, number | null, number | null, number | null, boolean, boolean, string]>([
    // what                                          finish failure end   step  cut    quiet  status
    ['runs while nothing says otherwise', null, null, null, 5, false, false, 'running'],
    ['runs with unparsed lines alone', null, null, null, null, false, false, 'running'],
    ['is completed by a finish', 9, null, null, 5, false, false, 'completed'],
    ['is failed by a failure', null, 9, null, 5, false, false, 'failed'],
    ['reopens by a step after the finish', 9, null, null, 10, false, false, 'running'],
    ['reopens by a step after the failure', null, 9, null, 10, false, false, 'running'],
    ['is completed by a finish after a failure', 9, 8, null, 5, false, false, 'completed'],
    ['is failed by a failure after the finish', 8, 9, null, 5, false, false, 'failed'],
    ['is completed where both have the same time', 9, 9, null, 5, false, false, 'completed'],
    [
      'is completed where the last step has the time of the finish',
      9,
      null,
      null,
      9,
      false,
      false,
      'completed',
    ],
    ['is failed where the last step has the time of the failure', null, 9, null, 9, false, false, 'failed'],
    ['is completed by the platform', null, null, 9, 5, false, false, 'completed'],
    ['stays failed whatever the platform ends', null, 8, 9, 5, false, false, 'failed'],
    [
      'is completed by the platform after a failure it went on from',
      null,
      3,
      9,
      5,
      false,
      false,
      'completed',
    ],
    ['reopens by a step after the end of the platform', null, null, 9, 10, false, false, 'running'],
    ['is completed by quiet', null, null, null, 5, false, true, 'completed'],
    ['is completed by quiet after a failure it went on from', null, 3, null, 5, false, true, 'completed'],
    ['stays failed in quiet', null, 9, null, 5, false, true, 'failed'],
    ['is truncated by a limit before all else', 9, 9, 9, 5, true, true, 'truncated'],
    ['counts time zero as a time', 0, null, null, null, false, false, 'completed'],
  ])('%s', (_, finish, failure, end, step, cut, quiet, status) => {
    const moments = {
      last_finish: at(finish),
      last_failure: at(failure),
      last_platform_end: at(end),
      last_step: at(step),
    };
    expect(traceStatus(moments, cut, quiet)).toBe(status);
  });
});
