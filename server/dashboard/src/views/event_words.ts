// What events are called, and what they say in one line. By the names of the
// payloads in Event, so that a payload that this page does not know yet shows
// its own name and nothing breaks. No event holds a person's name, so none can
// be shown here.
import {EventSchema, type Event} from '../gen/thon/v1/event_pb';
import type {Lang} from '../lib/i18n';
import {fieldWords} from './form_words';

export type Words = readonly [vi: string, en: string];

export const pick = (words: Words, lang: Lang): string =>
  lang === 'vi' ? words[0] : words[1];

// The groups by which a feed is filtered.
export type EventGroup = 'activity' | 'update' | 'team' | 'phone' | 'money' | 'office' | 'log';

export const GROUPS: Record<EventGroup, Words> = {
  activity: ['Hoạt động', 'Activities'],
  update: ['Cập nhật hằng tháng', 'Monthly updates'],
  team: ['Tổ và thành viên', 'Teams and members'],
  phone: ['Máy và đồng hồ', 'Phones and clocks'],
  money: ['Chính sách và kinh phí', 'Policies and money'],
  office: ['Việc của cơ quan', "Offices' acts"],
  log: ['Nhật ký', 'The log itself'],
};

interface EventType {
  group: EventGroup;
  words: Words;
}

const is = (group: EventGroup, vi: string, en: string): EventType => ({ group, words: [vi, en] });

export const EVENT_TYPES: Readonly<Record<string, EventType>> = {
  team_founded: is('team', 'Thành lập tổ', 'Team founded'),
  team_renamed: is('team', 'Đổi tên tổ', 'Team renamed'),
  team_moved: is('team', 'Chuyển địa bàn tổ', 'Team moved'),
  team_merged: is('team', 'Sáp nhập tổ', 'Teams merged'),
  team_split: is('team', 'Chia tách tổ', 'Team split'),
  team_suspended: is('team', 'Tạm dừng tổ', 'Team suspended'),
  team_resumed: is('team', 'Tổ hoạt động trở lại', 'Team resumed'),
  team_dissolved: is('team', 'Giải thể tổ', 'Team dissolved'),
  member_joined: is('team', 'Thành viên vào tổ', 'Member joined'),
  member_left: is('team', 'Thành viên rời tổ', 'Member left'),
  author_enrolled: is('phone', 'Đăng ký máy', 'Phone enrolled'),
  author_revoked: is('phone', 'Thu hồi máy', 'Phone revoked'),
  clock_observed: is('phone', 'Đối chiếu đồng hồ', 'Clock observed'),
  plan_assigned: is('office', 'Giao nhiệm vụ', 'Task assigned'),
  task_completed: is('activity', 'Hoàn thành nhiệm vụ', 'Task completed'),
  outreach_session: is('activity', 'Buổi tuyên truyền', 'Outreach session'),
  household_visit: is('activity', 'Thăm hộ gia đình', 'Household visit'),
  app_install_assisted: is('activity', 'Giúp cài ứng dụng', 'Help with installing an app'),
  account_opened_assisted: is('activity', 'Giúp mở tài khoản', 'Help with opening an account'),
  online_dossier_assisted: is('activity', 'Giúp nộp hồ sơ trực tuyến', 'Help with an online dossier'),
  training_held: is('activity', 'Tổ chức tập huấn', 'Training held'),
  training_attended: is('activity', 'Dự tập huấn', 'Training attended'),
  digital_shop_supported: is('activity', 'Hỗ trợ cửa hàng số', 'Digital shop supported'),
  fraud_warning_issued: is('activity', 'Cảnh báo lừa đảo', 'Fraud warning'),
  model_proposed: is('activity', 'Đề xuất mô hình', 'Model proposed'),
  model_accepted: is('office', 'Công nhận mô hình', 'Model accepted'),
  indicator_observed: is('office', 'Số liệu chỉ tiêu', 'Indicator observed'),
  monthly_update_submitted: is('update', 'Nộp cập nhật tháng', 'Monthly update handed in'),
  monthly_update_confirmed: is('update', 'Xác nhận cập nhật tháng', 'Monthly update confirmed'),
  monthly_update_returned: is('update', 'Trả lại cập nhật tháng', 'Monthly update returned'),
  inspection_recorded: is('office', 'Kiểm tra', 'Inspection'),
  quarter_evaluated: is('office', 'Đánh giá quý', 'Quarter evaluated'),
  correction_issued: is('office', 'Đính chính', 'Correction'),
  registration_list_approved: is('money', 'Duyệt danh sách đăng ký', 'Registration list approved'),
  registration_list_amended: is('money', 'Sửa danh sách đăng ký', 'Registration list amended'),
  policy_published: is('money', 'Công bố chính sách', 'Policy published'),
  policy_superseded: is('money', 'Chính sách hết hiệu lực', 'Policy ended'),
  funding_approved: is('money', 'Duyệt kinh phí', 'Funding approved'),
  verification_decided: is('money', 'Thẩm định', 'Verification'),
  payment_recorded: is('money', 'Chi tiền', 'Payment'),
  payment_reversed: is('money', 'Thu hồi tiền đã chi', 'Payment reversed'),
  period_closed: is('money', 'Khoá sổ kỳ', 'Period closed'),
  period_reopened: is('money', 'Mở lại kỳ', 'Period reopened'),
  award_granted: is('money', 'Khen thưởng', 'Award granted'),
  award_revoked: is('money', 'Thu hồi khen thưởng', 'Award revoked'),
  admin_unit_changed: is('office', 'Thay đổi địa giới', 'Map changed'),
  hand_over: is('office', 'Bàn giao', 'Hand-over'),
  log_opened: is('log', 'Mở nhật ký', 'Log opened'),
  epoch_opened: is('log', 'Mở kỳ nhật ký mới sau khôi phục', 'New epoch after a restore'),
  day_opened: is('log', 'Sang ngày mới', 'A day begins'),
  document_part: is('log', 'Phần văn bản kèm theo', 'Part of a document'),
  withdrawn: is('phone', 'Máy rút lại sự kiện không gửi được', 'Event withdrawn by a phone'),
  fork_observed: is('phone', 'Phát hiện hai bản ghi cùng số', 'Fork observed'),
  projection_adopted: is('log', 'Dùng bản tính mới', 'New computation adopted'),
  state_roots_recorded: is('log', 'Ghi dấu băm của bảng số liệu', 'Hashes of the figures recorded'),
  access_recorded: is('log', 'Người kiểm tra đã xem nhật ký', 'An auditor read the log'),
  organisation_registered: is('office', 'Đăng ký đơn vị báo cáo', 'Organisation registered'),
  units_imported: is('office', 'Nạp danh mục địa giới', 'Map imported'),
  village_declared: is('office', 'Khai báo thôn', 'Village declared'),
  grant_issued: is('office', 'Giao quyền', 'Grant issued'),
  grant_revoked: is('office', 'Thu quyền', 'Grant revoked'),
  successor_confirmed: is('phone', 'Xác nhận khoá mới của máy', "Phone's new key confirmed"),
  held_decided: is('office', 'Quyết định việc đang chờ', 'Held matter decided'),
  approval_decided: is('money', 'Phê duyệt', 'Approval'),
  placement_decided: is('office', 'Xác định xã mới của thôn', "Village's commune decided"),
  transition_rule: is('office', 'Quy định chuyển tiếp', 'Transition rule'),
  export_recorded: is('office', 'Kết xuất dữ liệu', 'Data exported'),
  appeal_filed: is('money', 'Kiến nghị của tổ', 'Appeal of a team'),
  expense_recorded: is('money', 'Chi tiêu của tổ', 'Expense of a team'),
  qr_placed: is('office', 'Đặt mã QR', 'QR codes put up'),
  enrolment_code_issued: is('phone', 'Cấp mã đăng ký máy', 'Enrolment code issued'),
  facts_imported: is('office', 'Nạp dữ liệu ban đầu', 'Facts imported'),
  top_up_approved: is('money', 'Xã hỗ trợ thêm', "Commune's top-up"),
  mobilisation_recorded: is('money', 'Huy động người', 'People mobilised'),
  mobilisation_voided: is('money', 'Huỷ ghi huy động', 'Mobilisation voided'),
  other_support_recorded: is('money', 'Hỗ trợ từ nguồn khác', 'Support from elsewhere'),
};

const UNKNOWN: EventType = is('log', 'Loại chưa biết', 'Unknown type');

// Payload numbers of Event to their names.
const NAME_OF_NUMBER: ReadonlyMap<number, string> = new Map(
  EventSchema.fields.filter((field) => field.oneof?.name === 'payload').map((field) => [field.number, field.name]),
);

export function typeName(number: number): string {
  return NAME_OF_NUMBER.get(number) ?? 'unknown';
}

export const payloadNames = (): string[] => [...NAME_OF_NUMBER.values()];

// The group of a payload's name; of one that is not known, the log's.
export function groupOf(name: string): EventGroup {
  return (EVENT_TYPES[name] ?? UNKNOWN).group;
}

export function typeWords(name: string, lang: Lang): string {
  const known = EVENT_TYPES[name];
  if (known !== undefined) return pick(known.words, lang);
  const words = pick(UNKNOWN.words, lang);
  return name === '' || name === 'unknown' ? words : `${words} (${name})`;
}

const TOPICS: readonly Words[] = [
  ['', ''],
  ['dịch vụ công trực tuyến', 'online public services'],
  ['nền tảng số', 'digital platforms'],
  ['dịch vụ số', 'digital services'],
  ['kỹ năng số', 'digital skills'],
  ['giao dịch trực tuyến', 'online transactions'],
  ['phòng chống lừa đảo', 'fraud prevention'],
  ['y tế số', 'digital health'],
  ['giáo dục số', 'digital education'],
  ['chính sách xã hội', 'social policy'],
  ['việc của xã', 'work for the commune'],
];
const CHANNELS: readonly Words[] = [
  ['', ''],
  ['loa truyền thanh', 'loudspeaker'],
  ['họp thôn', 'village meeting'],
  ['nhóm Zalo', 'Zalo group'],
  ['đến từng nhà', 'from door to door'],
];
const OUTCOMES: readonly Words[] = [
  ['', ''],
  ['đã hướng dẫn', 'guided'],
  ['vắng nhà', 'nobody at home'],
  ['không đồng ý', 'declined'],
  ['hẹn quay lại', 'to be visited again'],
];
const BASES: readonly Words[] = [
  ['lượt', 'times'],
  ['người', 'persons'],
  ['hộ', 'households'],
];
const ACCOUNTS: readonly Words[] = [
  ['', ''],
  ['tài khoản ngân hàng', 'bank accounts'],
  ['ví điện tử', 'e-wallets'],
  ['tiền di động', 'mobile money'],
  ['thương mại điện tử', 'e-commerce'],
  ['ứng dụng công dân', 'citizen app'],
];
const STAGES: readonly Words[] = [
  ['', ''],
  ['đã nộp', 'submitted'],
  ['đã nộp và giải quyết', 'submitted and processed'],
];
const AUDIENCES: readonly Words[] = [
  ['', ''],
  ['cán bộ chủ chốt', 'key leaders'],
  ['cán bộ công nghệ thông tin', 'IT officers'],
  ['thành viên tổ', 'members of teams'],
  ['người dân', 'residents'],
  ['doanh nghiệp', 'enterprises'],
];
const MODELS: readonly Words[] = [
  ['', ''],
  ['xã nông thôn mới thông minh', 'smart new-rural commune'],
  ['xã thương mại điện tử', 'e-commerce commune'],
  ['thôn thông minh', 'smart village'],
  ['mô hình khác', 'another model'],
];
const VENUES: readonly Words[] = [
  ['', ''],
  ['nhà văn hoá thôn', 'village house'],
  ['tại nhà dân', 'at a household'],
  ['trung tâm hành chính công', 'one-stop centre'],
  ['chợ', 'market'],
  ['trường học', 'school'],
  ['trụ sở cơ quan', 'office'],
  ['trên mạng', 'online'],
];

// How the line's numbers and days are written; given so that this module needs
// no page around it.
export interface Print {
  lang: Lang;
  count(value: bigint | number): string;
  date(days: number): string;
  month(month: number): string;
  money(value: bigint): string;
}

// What the event says, in one line without its type; empty if there is nothing
// to add. Free text of the event comes as text, never as markup.
export function describe(event: Event | undefined, print: Print): string {
  if (event === undefined) return '';
  const parts = payloadParts(event, print);
  const venue = enumWords(VENUES, event.venue, print.lang);
  // People often write the place that the venue names already.
  if (!parts.some((part) => part.toLowerCase() === venue)) parts.push(venue);
  return parts.filter((part) => part !== '').join(' · ');
}

function enumWords(words: readonly Words[], value: number, lang: Lang): string {
  const known = words[value];
  return known === undefined ? `(${value})` : pick(known, lang);
}

function payloadParts(event: Event, print: Print): string[] {
  const { lang } = print;
  const say = (vi: string, en: string): string => pick([vi, en], lang);
  const payload = event.payload;
  switch (payload.case) {
    case 'outreachSession': {
      const session = payload.value;
      return [
        enumWords(TOPICS, session.topic, lang),
        say(`${print.count(session.attendees)} người dự`, `${print.count(session.attendees)} people`),
        session.minutes === 0 ? '' : say(`${session.minutes} phút`, `${session.minutes} minutes`),
        enumWords(CHANNELS, session.channel, lang),
        session.place,
      ];
    }
    case 'householdVisit':
      return [
        ...payload.value.topics.map((topic) => enumWords(TOPICS, topic, lang)),
        enumWords(OUTCOMES, payload.value.outcome, lang),
      ];
    case 'appInstallAssisted':
      return [
        payload.value.app === 'other' ? say('ứng dụng khác', 'another app') : payload.value.app,
        `${print.count(payload.value.count)} ${enumWords(BASES, payload.value.basis, lang)}`,
      ];
    case 'accountOpenedAssisted':
      return [enumWords(ACCOUNTS, payload.value.kind, lang), print.count(payload.value.count)];
    case 'onlineDossierAssisted':
      return [
        payload.value.serviceGroup,
        say(`${print.count(payload.value.count)} hồ sơ`, `${print.count(payload.value.count)} dossiers`),
        enumWords(STAGES, payload.value.stage, lang),
      ];
    case 'trainingHeld':
      return [
        enumWords(TOPICS, payload.value.topic, lang),
        enumWords(AUDIENCES, payload.value.audience, lang),
        say(`${print.count(payload.value.attendees)} người dự`, `${print.count(payload.value.attendees)} people`),
        say(`${payload.value.hours} giờ`, `${payload.value.hours} hours`),
      ];
    case 'trainingAttended':
      return [payload.value.course, say(`${payload.value.hours} giờ`, `${payload.value.hours} hours`)];
    case 'digitalShopSupported':
      return [payload.value.kind, print.count(payload.value.count)];
    case 'fraudWarningIssued':
      return [
        say(`${print.count(payload.value.reach)} người`, `${print.count(payload.value.reach)} people`),
        enumWords(CHANNELS, payload.value.channel, lang),
      ];
    case 'taskCompleted':
      return [
        say(`nhiệm vụ ${payload.value.taskId}`, `task ${payload.value.taskId}`),
        say(`kết quả ${print.count(payload.value.result)}`, `result ${print.count(payload.value.result)}`),
        enumWords(TOPICS, payload.value.topic, lang),
      ];
    case 'modelProposed':
      return [enumWords(MODELS, payload.value.type, lang)];
    default:
      return officeParts(event, print);
  }
}

// Papers, money and the phone itself.
function officeParts(event: Event, print: Print): string[] {
  const say = (vi: string, en: string): string => pick([vi, en], print.lang);
  const payload = event.payload;
  switch (payload.case) {
    case 'monthlyUpdateSubmitted':
      return [
        say(`tháng ${print.month(payload.value.periodMonth)}`, `month ${print.month(payload.value.periodMonth)}`),
        ...payload.value.fields.slice(0, 6).map((field) => `${fieldWords(field.name, print.lang)}: ${print.count(field.value)}`),
      ];
    case 'monthlyUpdateConfirmed':
      return [print.month(payload.value.periodMonth)];
    case 'monthlyUpdateReturned':
      return [print.month(payload.value.periodMonth), payload.value.reason];
    case 'inspectionRecorded':
      return [
        payload.value.by,
        say(`${payload.value.score} điểm`, `score ${payload.value.score}`),
        payload.value.findings,
      ];
    case 'correctionIssued':
      return [
        payload.value.kind === 2
          ? say(`huỷ sự kiện số ${payload.value.targetSequence}`, `makes event ${payload.value.targetSequence} void`)
          : say(`sửa sự kiện số ${payload.value.targetSequence}`, `amends event ${payload.value.targetSequence}`),
        payload.value.reason,
      ];
    case 'expenseRecorded':
      return [print.money(payload.value.amountVnd), print.date(payload.value.expenseDate)];
    case 'appealFiled':
      return [payload.value.policyId, print.month(payload.value.periodMonth), payload.value.ground];
    case 'qrPlaced':
      return [print.count(payload.value.count)];
    case 'planAssigned':
      return [payload.value.authority, say(`hạn ${print.date(payload.value.dueDate)}`, `due ${print.date(payload.value.dueDate)}`)];
    case 'heldDecided':
      return [
        payload.value.counted ? say('được tính', 'it counts') : say('không tính', 'it does not count'),
        payload.value.reason,
      ];
    case 'withdrawn':
      return [payload.value.reason];
    default:
      return [];
  }
}
