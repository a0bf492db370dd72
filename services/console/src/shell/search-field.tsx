import { Kbd, TextInput } from '@mantine/core';
import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { useKeys } from './keys.js';
import classes from './shell.module.css';

/** Searches from every page; `/` leads into it. */
export function SearchField() {
  const field = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [params] = useSearchParams();
  const asked = pathname === '/search' ? (params.get('q') ?? '') : '';
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useKeys({ '/': () => field.current?.select() });
  return (
    <search className={classes.search}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const next = new URLSearchParams(pathname === '/search' ? params : undefined);
          next.set('q', text.trim());
          if (text.trim()) navigate(`/search?${next}`);
          field.current?.blur();
        }}
      >
        <TextInput
          ref={field}
          aria-label="Search"
          placeholder="Search in words of your own"
          leftSection={<Search size={14} />}
          rightSection={text ? null : <Kbd size="xs">/</Kbd>}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </form>
    </search>
  );
}
