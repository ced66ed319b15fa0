// What a map says of a figure: short enough for a tile, and in full.
import {count, money, percent} from '../lib/format';
import {lang, t} from '../lib/i18n';
import type {Overview} from '../model/aggregate';
import {amountOf, isShare, type MapFigure} from './map_figures';

const trimmed = (value: number): string =>
  String(Math.round(value * 10) / 10).replace('.', lang.value === 'vi' ? ',' : '.');

// "1,2 tỷ", "12,5 tr", "500 ng": short enough for a tile.
export function shortMoney(value: number): string {
  const vi = lang.value === 'vi';
  if (value >= 1e9) return `${trimmed(value / 1e9)} ${vi ? 'tỷ' : 'bn'}`;
  if (value >= 1e6) return `${trimmed(value / 1e6)} ${vi ? 'tr' : 'm'}`;
  if (value >= 1e3) return `${trimmed(value / 1e3)} ${vi ? 'ng' : 'k'}`;
  return String(value);
}

// A whole percent; what is not all is never 100, what is not none never 0.
function wholePercent(part: number, whole: number): string {
  const value = Math.round((part * 100) / whole);
  const honest = part < whole ? Math.min(value, 99) : value;
  return `${part > 0 ? Math.max(honest, 1) : honest}%`;
}

export function tileText(chosen: MapFigure, overview: Overview): string {
  const amount = amountOf(chosen, overview);
  if (amount === undefined) return '–';
  if (chosen === 'money') return shortMoney(amount);
  return isShare(chosen) ? wholePercent(amount, overview.teams) : count(amount);
}

export function fullText(chosen: MapFigure, overview: Overview): string {
  const amount = amountOf(chosen, overview);
  if (amount === undefined) return t('map.noTeams');
  if (chosen === 'money') return money(overview.amount);
  if (!isShare(chosen)) return count(amount);
  return `${count(amount)}/${count(overview.teams)} (${percent(amount, overview.teams)})`;
}
