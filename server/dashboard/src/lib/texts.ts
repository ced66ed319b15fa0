// Every text of the page: key -> [Vietnamese, English]. A part of the page has
// its texts in a file of its own; a key that is missing does not compile.
import {auditTexts} from './texts_audit';
import {overviewTexts} from './texts_overview';
import {teamsTexts} from './texts_teams';

const liveTexts = {
  'state.connecting': ['Đang kết nối', 'Connecting'],
  'state.live': ['Trực tiếp', 'Live'],
  'state.stale': ['Số liệu cũ, không còn trực tiếp', 'Stale, no longer live'],
  'state.corrupt': ['Số liệu nhận được bị sai, đang tải lại', 'Received data was damaged, loading again'],
  'state.denied': ['Không có quyền xem', 'Not permitted'],
  'state.past': ['Xem lại quá khứ', 'Looking at the past'],
  'detail.none': ['', ''],
  'detail.first-snapshot': ['Đang tải toàn bộ số liệu lần đầu', 'Loading the first complete data'],
  'detail.connection-lost': ['Mất kết nối với máy chủ, đang thử lại', 'The connection was lost, trying again'],
  'detail.no-progress': ['Máy chủ không báo tin quá 30 giây', 'Nothing heard from the server for 30 seconds'],
  'detail.offline': ['Máy này không có mạng', 'This computer is offline'],
  'detail.server-stopping': ['Máy chủ đang khởi động lại', 'The server is restarting'],
  'detail.too-many-watches': ['Máy chủ đang quá tải, sẽ thử lại', 'The server is full, trying again later'],
  'detail.another-history': ['Máy chủ có lịch sử khác, đang tải lại từ đầu', 'The server has another history, loading anew'],
  'detail.digest-mismatch': ['Mã kiểm tra không khớp, đang tải lại từ đầu', 'The digest does not match, loading anew'],
  'detail.new-window': ['Sang tháng mới, đang tải lại', 'A new month began, loading again'],
  'detail.bad-request': ['Máy chủ không hiểu trang này: hãy tải lại trang', 'The server does not understand this page: reload it'],
  'detail.server-error': ['Máy chủ báo lỗi, đang thử lại', 'The server reports an error, trying again'],
  'detail.unauthenticated': ['Chưa đăng nhập hoặc phiên đã hết hạn', 'Not logged in, or the session has ended'],
  'detail.permission-denied': ['Quyền xem địa bàn này không có hoặc đã hết', 'The right to see this area is missing or has ended'],
  'detail.worker-silent': ['Phần nền của trang không trả lời', 'The background part of the page does not answer'],
  'detail.no-scope': ['Chưa chọn địa bàn', 'No area is chosen'],
  'detail.too-many-areas': ['Trình duyệt đang mở quá nhiều địa bàn: hãy đóng bớt thẻ', 'Too many areas are open in this browser: close a tab'],
  'detail.past-loading': ['Đang tải số liệu quá khứ', 'Loading the past'],
  'detail.past-failed': ['Không tải được số liệu quá khứ', 'The past could not be loaded'],
} as const satisfies Texts;

export type Texts = Record<string, readonly [string, string]>;

export const texts = {...liveTexts, ...overviewTexts, ...teamsTexts, ...auditTexts};
