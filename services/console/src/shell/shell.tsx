import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Menu,
  Modal,
  NavLink,
  Text,
  Tooltip,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { CircleHelp, KeyRound, LogOut, Monitor, Moon, Replace, Sun } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link, Outlet, useLocation, useNavigate } from 'react-router';
import { forgetKey, useKey } from '../api/key.js';
import icon from '../icon.svg';
import { Help } from './help.js';
import { KeyForm } from './key-form.js';
import { useKeys } from './keys.js';
import { PAGES } from './pages.js';
import { SearchField } from './search-field.js';
import classes from './shell.module.css';

const SEQUENCE_MS = 1_200;

/** Head, navigation and the page between them; asks for a key where the server wants one. */
export function Shell() {
  const [navigation, nav] = useDisclosure();
  const [help, helping] = useDisclosure();
  const { refused } = useKey();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const sequence = useRef(0);

  useEffect(() => {
    const page = PAGES.find(({ path }) => pathname.startsWith(path));
    document.title = page ? `${page.label} · VectaDB` : 'VectaDB';
  }, [pathname]);

  useKeys({
    '?': helping.open,
    g: () => {
      sequence.current = Date.now();
    },
  });
  useEffect(() => {
    // the second key of `g t`; first in line, so that no page takes it for its own
    const listener = (event: KeyboardEvent) => {
      if (Date.now() - sequence.current > SEQUENCE_MS) return;
      sequence.current = 0;
      const page = PAGES.find(({ key }) => key === event.key);
      if (!page) return;
      event.preventDefault();
      navigate(page.path);
    };
    window.addEventListener('keydown', listener, { capture: true });
    return () => window.removeEventListener('keydown', listener, { capture: true });
  }, [navigate]);

  return (
    <AppShell
      header={{ height: 46 }}
      navbar={{ width: 168, breakpoint: 'sm', collapsed: { mobile: !navigation } }}
      padding={0}
      classNames={{ main: classes.main!, header: classes.header!, navbar: classes.navbar! }}
    >
      <AppShell.Header>
        <Group h="100%" px="sm" gap="sm" wrap="nowrap">
          <Burger
            opened={navigation}
            onClick={nav.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label="Navigation"
          />
          <Link to="/" className={classes.brand} aria-label="VectaDB, to the traces">
            <img src={icon} width={22} height={22} alt="" />
            <Text fw={700} fz={15} visibleFrom="xs">
              VectaDB
            </Text>
          </Link>
          <div className={classes.middle}>
            <SearchField />
          </div>
          <KeyMenu />
          <Colors />
          <Tooltip label="Keys (?)">
            <ActionIcon variant="subtle" color="gray" onClick={helping.open} aria-label="Keys">
              <CircleHelp size={17} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p={6}>
        {PAGES.map(({ path, label, icon: Icon }) => (
          <NavLink
            key={path}
            component={Link}
            to={path}
            label={label}
            leftSection={<Icon size={16} />}
            active={pathname.startsWith(path)}
            onClick={nav.close}
            className={classes.link!}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main>
        {refused === null ? <Outlet /> : <KeyForm refused={refused.replace(/\.$/, '')} />}
      </AppShell.Main>
      <Help opened={help} onClose={helping.close} />
    </AppShell>
  );
}

function KeyMenu() {
  const { key } = useKey();
  const [asking, { open, close }] = useDisclosure();
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label="API key">
            <KeyRound size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{key ? `A key ending in …${key.slice(-4)}` : 'No key in this browser'}</Menu.Label>
          <Menu.Item leftSection={<Replace size={14} />} onClick={open}>
            Use another key
          </Menu.Item>
          {key && (
            <Menu.Item leftSection={<LogOut size={14} />} color="red" onClick={forgetKey}>
              Remove it from this browser
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asking} onClose={close} withCloseButton={false} padding={0}>
        <KeyForm refused={null} onDone={close} />
      </Modal>
    </>
  );
}

function Colors() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const choices = [
    ['light', 'Light', Sun],
    ['dark', 'Dark', Moon],
    ['auto', 'As the system has it', Monitor],
  ] as const;
  const Current = choices.find(([name]) => name === colorScheme)![2];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Colours">
          <Current size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(([name, label, Icon]) => (
          <Menu.Item key={name} leftSection={<Icon size={14} />} onClick={() => setColorScheme(name)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
