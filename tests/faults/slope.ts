/** Slope of the least-squares line through points (x, y), in y per x; 0 where x does not vary. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let both = 0;
  let square = 0;
  for (const [x, y] of points) {
    both += (x - meanX) * (y - meanY);
    square += (x - meanX) ** 2;
  }
  return square === 0 ? 0 : both / square;
}
