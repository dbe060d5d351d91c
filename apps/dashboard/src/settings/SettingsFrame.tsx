import { Link, Navigate } from '@tanstack/react-router';
import { type ComponentType, type LazyExoticComponent, Suspense, useEffect, useRef } from 'react';
import { Page } from '../ui/Page.tsx';
import { Empty, Loading } from '../ui/States.tsx';
import classes from './SettingsFrame.module.css';

/** A tab of settings; `id` is the project's or the organisation's. */
export interface SettingsTab<May> {
  /** In the address. */
  name: string;
  label: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  /** Whether somebody with these rights has anything to do there. */
  may: (rights: May) => boolean;
  Screen: LazyExoticComponent<ComponentType<{ id: number }>>;
}

interface SettingsFrameProps<May> {
  id: number;
  /** Whose settings these are, for the browser's title. */
  of: string;
  tabs: SettingsTab<May>[];
  rights: May;
  /** The tab that the address names. */
  tab: string | undefined;
  /** The address of the settings without a tab. */
  base: string;
}

/** Settings as tabs with addresses of their own; what one needs is loaded when it is opened. */
export function SettingsFrame<May>({ id, of, tabs, rights, tab, base }: SettingsFrameProps<May>) {
  const addressOf = (name: string): string => `${base}/${name}`;
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    if (tab) list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [tab]);
  const open = tabs.filter(({ may }) => may(rights));
  const current = open.find(({ name }) => name === tab);
  const [first] = open;
  if (!first) return <Page title="Settings" of={of} children="Administrators change these settings." />;
  if (tab === undefined) return <Navigate to={addressOf(first.name)} replace />;
  return (
    <Page title="Settings" of={`${current?.label ?? 'Not found'} · ${of}`}>
      <div className={classes.frame}>
        <nav ref={list} className={classes.tabs} aria-label="Settings">
          {open.map(({ name, label, icon: Icon }) => (
            <Link
              key={name}
              to={addressOf(name)}
              className={classes.tab}
              aria-current={name === tab ? 'page' : undefined}
            >
              <Icon size={16} stroke={1.7} />
              {label}
            </Link>
          ))}
        </nav>
        {current ? (
          <Suspense key={current.name} fallback={<Loading rows={4} />}>
            <current.Screen id={id} />
          </Suspense>
        ) : (
          <Empty title="There is nothing here for you">
            These settings do not exist, or somebody with more rights changes them.
          </Empty>
        )}
      </div>
    </Page>
  );
}
