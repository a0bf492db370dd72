import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeLetterCursor, encodeLetterCursor } from './letter-cursor.js';

describe('the cursor of a page of dead letters', () => {
  test('comes back as it was written', () => {
    fc.assert(
      fc.property(
        fc.record({ refusedMs: fc.maxSafeNat(), partition: fc.nat(), offset: fc.maxSafeNat() }),
        (place) => {
          expect(decodeLetterCursor(encodeLetterCursor(place))).toEqual(place);
        },
      ),
    );
  });

  test.each(['', 'x', '[]', 'WzEsMl0', 'WzEsMiwzLDRd', 'WzEsMiwieCJd', 'bnVsbA', 'WzEuNSwyLDNd'])(
    '%s is none',
    (text) => expect(decodeLetterCursor(text)).toBeNull(),
  );

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void decodeLetterCursor(text)));
  });
});
