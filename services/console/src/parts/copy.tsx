import { ActionIcon, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { Check, Copy, type LucideIcon } from 'lucide-react';

/** Copies `value`, and says so. */
export function Copyable({
  value,
  what,
  icon: Icon = Copy,
}: {
  /** A function is asked when it is copied. */
  value: string | (() => string);
  what: string;
  icon?: LucideIcon;
}) {
  const { copy, copied } = useClipboard({ timeout: 1_500 });
  return (
    <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
      <ActionIcon
        variant="subtle"
        color={copied ? 'teal' : 'gray'}
        size="sm"
        onClick={(event) => {
          event.stopPropagation();
          copy(typeof value === 'string' ? value : value());
        }}
        aria-label={`Copy ${what}`}
      >
        {copied ? <Check size={14} /> : <Icon size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}
