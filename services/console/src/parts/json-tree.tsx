import { UnstyledButton } from '@mantine/core';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import classes from './json-tree.module.css';

const OPEN_DEPTH = 2;
const LONG_TEXT = 600;
/** Entries that are drawn at once: an array may be as long as a message may be. */
const MANY = 100;

/** JSON to read: nested values fold, long texts are cut until asked for, texts that hold JSON open as it. */
export function JsonTree({ value }: { value: unknown }) {
  return (
    <div className={classes.tree}>
      <Value value={value} depth={0} />
    </div>
  );
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  if (typeof value === 'string') return <Text text={value} depth={depth} />;
  if (value === null || typeof value !== 'object') {
    return <span className={classes[typeof value] ?? classes.null}>{String(value)}</span>;
  }
  return <Nested value={value} depth={depth} />;
}

function Nested({ value, depth }: { value: object; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [all, setAll] = useState(false);
  const entries = Object.entries(value);
  const brackets = Array.isArray(value) ? '[]' : '{}';
  if (entries.length === 0) return <span className={classes.null}>{brackets}</span>;
  const shown = all ? entries : entries.slice(0, MANY);
  return (
    <>
      {depth > 0 && (
        <UnstyledButton className={classes.fold} onClick={() => setOpen(!open)} aria-expanded={open}>
          {open ? <ChevronDown size={12} /> : <ChevronRight size={12} />}
          {!open && `${brackets[0]} ${entries.length} ${brackets[1]}`}
        </UnstyledButton>
      )}
      {open && (
        <div className={depth > 0 ? classes.nested : undefined}>
          {shown.map(([name, child]) => (
            <div key={name} className={classes.entry}>
              <span className={classes.name}>{name}</span>
              <span className={classes.value}>
                <Value value={child} depth={depth + 1} />
              </span>
            </div>
          ))}
          {entries.length > shown.length && (
            <UnstyledButton className={classes.more} onClick={() => setAll(true)}>
              show the other {entries.length - shown.length}
            </UnstyledButton>
          )}
        </div>
      )}
    </>
  );
}

function Text({ text, depth }: { text: string; depth: number }) {
  const [all, setAll] = useState(false);
  const [parsed, setParsed] = useState<object | null>(null);
  if (parsed) return <Nested value={parsed} depth={depth} />;
  const isCut = text.length > LONG_TEXT && !all;
  return (
    <>
      <span className={classes.string}>{isCut ? `${text.slice(0, LONG_TEXT)}…` : text}</span>
      {isCut && (
        <UnstyledButton className={classes.more} onClick={() => setAll(true)}>
          show all {text.length.toLocaleString('en')} characters
        </UnstyledButton>
      )}
      {/^\s*[[{]/.test(text) && jsonIn(text) && (
        <UnstyledButton className={classes.more} onClick={() => setParsed(jsonIn(text))}>
          as JSON
        </UnstyledButton>
      )}
    </>
  );
}

/** The object or array that a text is, else null. */
export function jsonIn(text: string): object | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null; // a text that only looks like it
  }
}
