// Where the page begins: chooses what to show by who is there and by the
// address.
import './styles/app.css';
import {effect} from '@preact/signals';
import {Component, type ComponentChildren, type JSX, render} from 'preact';
import {useLayoutEffect, useRef} from 'preact/hooks';
import {lang, t} from './lib/i18n';
import {formatRoute, href, route} from './lib/url';
import {startAudit} from './live/audit';
import {live} from './live/live';
import {startExtent} from './views/asof';
import {startBoundaries} from './views/boundary_file';
import {FeedPage} from './views/feed';
import {DeniedScreen} from './views/login';
import {OverviewPage, shownUnit} from './views/overview';
import {startPrint} from './views/print';
import {ScopePicker, startScope} from './views/scope_picker';
import {Shell} from './views/shell';
import {TeamPage} from './views/team';
import {TeamsPage} from './views/teams';
import {startTheme} from './views/theme';

const PAGES = {overview: OverviewPage, teams: TeamsPage, team: TeamPage, feed: FeedPage};

function NoUnit(): JSX.Element {
  return (
    <section class="screen card" data-test="no-unit">
      <h1>{t('shell.noUnit')}</h1>
      <p>
        <a href={href({page: 'overview', unit: 0n, team: 0n})}>{t('shell.toRoot')}</a>
      </p>
    </section>
  );
}

// A fault of ours in one page must not leave a blank wall: it is said, the frame
// and its trust bar stay, and going elsewhere tries again.
class Guard extends Component<{place: string; children: ComponentChildren}, {failed: string}> {
  override state = {failed: ''};

  override componentDidCatch(error: unknown): void {
    this.setState({failed: this.props.place});
    console.error(error);
  }

  override render(): ComponentChildren {
    if (this.state.failed !== this.props.place) return this.props.children;
    return (
      <section class="screen card" role="alert" data-test="page-failed">
        <h1>{t('shell.failed')}</h1>
        <p>
          <button type="button" class="primary" onClick={() => window.location.reload()}>
            {t('shell.reload')}
          </button>
        </p>
      </section>
    );
  }
}

function Waiting(): JSX.Element {
  const failed = live.status.value.detail === 'past-failed';
  return <p class="waiting" data-test="waiting">{failed ? '' : t('shell.waiting')}</p>;
}

// After one went somewhere: the page's top, and the focus on its heading if what
// had it is gone, so that the keyboard and a screen reader go along.
function usePlace(place: string): void {
  const first = useRef(true);
  useLayoutEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    if (document.activeElement === document.body || document.activeElement === null) {
      const heading = document.querySelector<HTMLElement>('main h1');
      heading?.setAttribute('tabindex', '-1');
      heading?.focus({preventScroll: true});
    }
  }, [place]);
}

function App(): JSX.Element {
  const {page, unit, team} = route.value;
  usePlace(`${page}/${unit}/${team}`);
  const model = live.model.value;
  const denied = live.status.value.state === 'denied';
  const choosing = !denied && live.scope.value === 0n && live.viewer.value !== undefined;
  // Also while the past is on its way, so that the fields that chose it stay.
  const inside = !denied && live.scope.value !== 0n;
  const Page = PAGES[page];
  return (
    <Shell inside={inside}>
      {denied ? (
        <DeniedScreen />
      ) : choosing ? (
        <ScopePicker />
      ) : !model.ready ? (
        <Waiting />
      ) : page !== 'team' && !shownUnit(model) ? (
        <NoUnit />
      ) : (
        <Guard place={formatRoute(route.value)}>
          <Page />
        </Guard>
      )}
    </Shell>
  );
}

function areaName(): string {
  const model = live.model.value;
  const team = route.value.page === 'team' ? model.teams.get(route.value.team)?.name : undefined;
  return team ?? shownUnit(model)?.name ?? '';
}

effect(() => {
  const area = areaName();
  const title = area === '' ? t('shell.product') : t('shell.title', {area});
  const {state} = live.status.value;
  // Also in the list of tabs nobody takes old figures for new ones.
  document.title = state === 'stale' || state === 'corrupt' ? `⚠ ${title}` : title;
});
effect(() => {
  document.documentElement.lang = lang.value;
});
startTheme();
startPrint(areaName);
startExtent();
startScope();
void startBoundaries();
startAudit();
live.start();
render(<App />, document.getElementById('app')!);
