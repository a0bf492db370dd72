/**
 * Boxes that rich draws around a text: `╭─ title ─╮`, `│  line  │`, `╰───╯`. The frame of a line is taken off as a prefix is; the
 * title's line and the last one stay, because they say what the box is and where it ends.
 */
const SIDE = 0x2502;
const TOP_LEFT = 0x256d;

/** A line of a box without its sides and padding; any other line as it is. */
export const insideBox = (line: string): string =>
  line.charCodeAt(0) === SIDE && line.length > 1 && line.charCodeAt(line.length - 1) === SIDE
    ? line.slice(1, -1).trim()
    : line;

/** A text that begins with a box, its lines without their sides. */
export const openBox = (text: string): string =>
  text.charCodeAt(0) === TOP_LEFT && text.includes('\n')
    ? text
        .split('\n')
        .map((line) => insideBox(line.trim()))
        .join('\n')
    : text;
