// What stands around every page: where one is, the pages, the moment, the
// language and the theme, printing and leaving.
import type {ComponentChildren, JSX} from 'preact';
import {lang, setLang, t} from '../lib/i18n';
import {href, type Page, type Route, route} from '../lib/url';
import {live} from '../live/live';
import {path} from '../model/aggregate';
import type {Model, Unit} from '../model/model';
import {AsOfBanner, AsOfPanel, AsOfToggle} from './asof';
import {AuditAlarm, AuditPanel} from './audit';
import {shownUnit} from './overview';
import {forgetScope, mayChoose} from './scope_picker';
import {nextTheme, theme} from './theme';
import {StateAnnouncer, StateBanner, TrustBar} from './trust_bar';

function skip(event: Event): void {
  // A link to #main would be a change of the route.
  event.preventDefault();
  document.getElementById('main')?.focus();
}

// Where a unit of the breadcrumb leads: the same page of it, where it has one.
function unitPlace(unit: Unit, model: Model): Partial<Route> {
  const page: Page = route.value.page === 'team' ? 'overview' : route.value.page;
  return {page, unit: unit.id === model.scope ? 0n : unit.id, team: 0n};
}

function Breadcrumb(): JSX.Element | null {
  const model = live.model.value;
  const unit = shownUnit(model);
  if (!unit) return null;
  const units = path(model, unit.id);
  const team = route.value.page === 'team' ? model.teams.get(route.value.team) : undefined;
  return (
    <nav class="breadcrumb" aria-label={t('shell.where')} data-test="breadcrumb">
      <ol>
        {units.map((step, i) => (
          <li key={String(step.id)}>
            <a
              href={href(unitPlace(step, model))}
              aria-current={i === units.length - 1 && !team ? 'location' : undefined}
              data-test={`crumb-${step.id}`}
            >
              {step.name}
            </a>
          </li>
        ))}
        {team && (
          <li>
            <span aria-current="location">{team.name}</span>
          </li>
        )}
      </ol>
    </nav>
  );
}

const TABS = ['overview', 'teams', 'feed'] as const;

function Tabs(): JSX.Element {
  const shown = route.value.page === 'team' ? 'teams' : route.value.page;
  return (
    <nav class="nav-line" aria-label={t('shell.pages')}>
      <ul class="tabs">
        {TABS.map((page) => (
          <li key={page}>
            <a
              href={href({page, team: 0n, filter: '', q: '', sort: ''})}
              aria-current={page === shown ? 'page' : undefined}
              data-test={`tab-${page}`}
            >
              {t(`shell.${page}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function LanguageSwitch(): JSX.Element {
  return (
    <div class="switch" role="group" aria-label={t('shell.language')}>
      <button type="button" lang="vi" title="Tiếng Việt" aria-pressed={lang.value === 'vi'} data-test="lang-vi" onClick={() => setLang('vi')}>
        VI
      </button>
      <button type="button" lang="en" title="English" aria-pressed={lang.value === 'en'} data-test="lang-en" onClick={() => setLang('en')}>
        EN
      </button>
    </div>
  );
}

function Tools({loggedIn}: {loggedIn: boolean}): JSX.Element {
  return (
    <div class="tools">
      {loggedIn && live.scope.value !== 0n && mayChoose(live.viewer.value) && (
        <button type="button" data-test="other-area" onClick={forgetScope}>
          {t('shell.otherArea')}
        </button>
      )}
      <LanguageSwitch />
      <button type="button" data-test="theme" data-theme-choice={theme.value} onClick={nextTheme}>
        {t(`shell.theme.${theme.value}`)}
      </button>
      {loggedIn && (
        <>
          <button type="button" data-test="print" onClick={() => window.print()}>
            {t('shell.print')}
          </button>
          <form method="post" action="/logout">
            <button type="submit" data-test="logout">{t('shell.logout')}</button>
          </form>
        </>
      )}
    </div>
  );
}

const Mark = (): JSX.Element => (
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="6" fill="#0b5c63" />
    <path d="M5 16 16 7l11 9v9H5z" fill="#fff" />
    <path d="M10 22v-3m4 3v-6m4 6v-4m4 4v-7" stroke="#0b5c63" stroke-width="2.4" stroke-linecap="round" />
  </svg>
);

// `inside`: there is a page to move in, not a screen before it.
export function Shell({inside, children}: {inside: boolean; children: ComponentChildren}): JSX.Element {
  const loggedIn = live.status.value.state !== 'denied';
  return (
    <div class="app" data-live={live.status.value.state}>
      <a class="skip" href="#main" onClick={skip}>{t('shell.skip')}</a>
      <header class="top">
        <div class="brand-line">
          <a class="brand" href={href({page: 'overview', unit: 0n, team: 0n, filter: '', q: '', sort: ''})}>
            <Mark />
            {t('shell.product')}
          </a>
          {inside && <Breadcrumb />}
        </div>
        {inside && (
          <>
            <Tabs />
            <AsOfToggle />
          </>
        )}
        <Tools loggedIn={loggedIn} />
        {inside && <AsOfPanel />}
      </header>
      <AsOfBanner />
      <div class="alarms">
        <AuditAlarm />
        <StateBanner />
      </div>
      <main id="main" tabIndex={-1}>{children}</main>
      <StateAnnouncer />
      <TrustBar />
      <AuditPanel />
    </div>
  );
}
