// What is shown when the server does not know the viewer, or lets them see
// nothing: how to get in, in both languages, whatever the page's language is.
// Nothing is tried again until the person asks for it.
import type {JSX} from 'preact';
import {t, type TextKey} from '../lib/i18n';
import {texts} from '../lib/texts';
import {live} from '../live/live';

const COMMAND = 'thon login-link';

function Steps({at}: {at: 0 | 1}): JSX.Element {
  const text = (key: TextKey): string => texts[key][at];
  return (
    <div lang={at === 0 ? 'vi' : 'en'}>
      <p>{text('login.intro')}</p>
      <ol>
        <li>
          {text('login.step1')} <code>{COMMAND}</code>
        </li>
        <li>{text('login.step2')}</li>
        <li>{text('login.step3')}</li>
      </ol>
    </div>
  );
}

export function DeniedScreen(): JSX.Element {
  const forbidden = live.status.value.detail === 'permission-denied';
  return (
    <section class="screen card" data-test="login-needed" aria-labelledby="login-title">
      <h1 id="login-title">{t(forbidden ? 'login.forbiddenTitle' : 'login.title')}</h1>
      {forbidden ? (
        <div>
          <p lang="vi">{texts['login.forbidden'][0]}</p>
          <p lang="en">{texts['login.forbidden'][1]}</p>
        </div>
      ) : (
        <>
          <Steps at={0} />
          <Steps at={1} />
        </>
      )}
      <p>
        <button type="button" class="primary" data-test="login-retry" onClick={() => live.retry()}>
          {t('login.again')}
        </button>
      </p>
    </section>
  );
}
