import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { Check, Copy, type LucideIcon } from 'lucide-react';

/** Copies `value`, and says so. */
export function Copyable({
  value,
  what,
  icon: Icon = Copy,
}: {
  value: string;
  what: string;
  icon?: LucideIcon;
}) {
  return (
    <CopyButton value={value} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
          <ActionIcon
            variant="subtle"
            color={copied ? 'teal' : 'gray'}
            size="sm"
            onClick={(event) => {
              event.stopPropagation();
              copy();
            }}
            aria-label={`Copy ${what}`}
          >
            {copied ? <Check size={14} /> : <Icon size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
