// What the fields of a monthly update are called. Forms are a province's own,
// so a name that is not here can come: one that is said in words stands for
// itself, a key is said to be one.
import type {Lang} from '../lib/i18n';
import type {Words} from './event_words';

export const FORM_FIELDS: ReadonlyMap<string, Words> = new Map<string, Words>([
  ['households_guided', ['hộ được hướng dẫn', 'households guided']],
  ['online_dossiers', ['hồ sơ trực tuyến', 'online dossiers']],
  ['sessions', ['buổi tuyên truyền', 'outreach sessions']],
  ['so_diem_ho_tro', ['điểm hỗ trợ', 'points of support']],
]);

const KEY = /^[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)+$|^[a-z0-9]+$/;

export function fieldWords(name: string, lang: Lang): string {
  const [vi, en] = FORM_FIELDS.get(name) ?? (KEY.test(name) ? [`mục khác (${name})`, `another field (${name})`] : [name, name]);
  return lang === 'vi' ? vi : en;
}
