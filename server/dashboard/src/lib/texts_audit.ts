// Texts of proofs and of the log's tree head: [Vietnamese, English].
import type {Texts} from './texts';

export const auditTexts = {
  'proof.open': ['Bằng chứng', 'Proof'],
  'proof.openLabel': ['Bằng chứng của sự kiện ở vị trí {position}', 'Proof of the event at position {position}'],
  'proof.checking': ['Đang kiểm bằng chứng…', 'Checking the proof…'],
  'proof.verified': ['Đã kiểm: bản ghi số {entry} có trong nhật ký.', 'Verified: entry {entry} is in the log.'],
  'proof.refuted': ['KHÔNG kiểm được: bằng chứng sai ({detail}).', 'NOT verified: the proof does not hold ({detail}).'],
  'proof.damaged': ['Máy chủ báo nhật ký bị hỏng: {detail}', 'The server says that its log is damaged: {detail}'],
  'proof.denied': [
    'Cần quyền đọc toàn bộ nhật ký, như của kiểm toán viên. {detail}',
    "This needs a grant of the whole log, as an auditor's. {detail}",
  ],
  'proof.unread': ['Không đọc được: {detail}', 'Could not be read: {detail}'],
  'proof.entry': ['Bản ghi', 'Entry'],
  'proof.leaf': ['Mã băm của lá', 'Leaf hash'],
  'proof.path': ['Đường dẫn tới gốc', 'Path to the root'],
  'proof.hashes': ['{n} mã băm', '{n} hashes'],
  'proof.download': ['Tải .tlog-proof', 'Download .tlog-proof'],
  'proof.ofEntry': [
    'Rằng bản ghi này chứa sự kiện đang hiện là lời của máy chủ, cho đến khi đối chiếu nội dung.',
    'That this entry holds the event shown is the word of the server until its bytes are compared.',
  ],
  'proof.compare': ['Đối chiếu nội dung', 'Compare the bytes'],
  'proof.compareHint': ['Việc đọc bản ghi được ghi vào nhật ký.', 'That the entry was read is recorded in the log.'],
  'proof.comparing': ['Đang đối chiếu…', 'Comparing…'],
  'proof.same': [
    'Nội dung bản ghi cho đúng mã băm của lá và chứa đúng sự kiện đang hiện.',
    'The bytes of the entry give the leaf hash and hold exactly the event shown.',
  ],

  'audit.open': ['Kiểm toán', 'Audit'],
  'audit.openBad': ['Kiểm toán: CÓ LỖI', 'Audit: FAULT'],
  'audit.title': ['Điểm kiểm của nhật ký', "The log's checkpoint"],
  'audit.checking': ['Đang kiểm…', 'Checking…'],
  'audit.good': ['Chữ ký của nhật ký đúng.', "The log's signature is good."],
  'audit.extends': [
    'Nhật ký nối tiếp đúng điểm kiểm có {size} bản ghi mà trình duyệt này giữ từ {time}.',
    'The log extends the checkpoint of {size} entries that this browser kept at {time}.',
  ],
  'audit.first': [
    'Đây là điểm kiểm đầu tiên mà trình duyệt này thấy: chưa có gì để so.',
    'This is the first checkpoint that this browser sees: there is nothing to compare it with yet.',
  ],
  'audit.origin': ['Nhật ký', 'Log'],
  'audit.size': ['Số bản ghi', 'Tree size'],
  'audit.root': ['Mã băm gốc', 'Root hash'],
  'audit.time': ['Ký lúc', 'Signed'],
  'audit.witnessed': ['Nhân chứng', 'Witnessed'],
  'audit.witnessedYes': ['đủ, theo lời máy chủ', 'by a quorum, says the server'],
  'audit.witnessedNo': ['chưa đủ', 'not by a quorum'],
  'audit.cosigned': ['Đồng ký', 'Cosignatures'],
  'audit.cosignedNone': ['không có', 'none'],
  'audit.cosignedHint': [
    'Trang này không có khoá của nhân chứng, nên không kiểm chữ ký của họ.',
    'This page has no keys of witnesses: it does not check what they signed.',
  ],
  'audit.key': ['Khoá của nhật ký', 'Key of the log'],
  'audit.keyHint': [
    'Khoá do chính máy chủ đưa ra; trình duyệt này giữ nó từ {time}. Hãy so mã khoá với mã mà kiểm toán viên của bạn giữ.',
    "The key is the server's own word; this browser has kept it since {time}. Compare its id with the one that your auditor holds.",
  ],
  'audit.again': ['Kiểm lại', 'Check again'],
  'audit.download': ['Tải điểm kiểm', 'Download the checkpoint'],
  'audit.close': ['Đóng', 'Close'],
  'audit.alarm.fork': [
    'BÁO ĐỘNG: nhật ký không nối tiếp điểm kiểm mà trình duyệt này đã giữ. Lịch sử có thể đã bị sửa.',
    'ALARM: the log does not extend the checkpoint that this browser kept. Its history may have been changed.',
  ],
  'audit.alarm.shrunk': [
    'BÁO ĐỘNG: nhật ký ngắn hơn điểm kiểm mà trình duyệt này đã giữ. Có bản ghi đã mất.',
    'ALARM: the log is shorter than the checkpoint that this browser kept. Entries are gone.',
  ],
  'audit.alarm.key': [
    'BÁO ĐỘNG: nhật ký được ký bằng khoá khác với khoá mà trình duyệt này đã giữ.',
    'ALARM: the log is signed by another key than the one that this browser kept.',
  ],
  'audit.alarm.when': ['Thấy lúc {time}. Hãy tải chứng cứ và gửi kiểm toán viên.', 'Seen at {time}. Download the evidence and give it to an auditor.'],
  'audit.evidence': ['Tải chứng cứ', 'Download the evidence'],
  'audit.forget': ['Bắt đầu giữ lại từ đầu', 'Begin anew'],
  'audit.forgetHint': [
    'Chỉ khi kiểm toán viên đã có chứng cứ và nói rằng nhật ký này đúng: trình duyệt quên khoá và điểm kiểm đã giữ.',
    'Only after an auditor has the evidence and says that this log is right: the browser forgets the key and the checkpoint that it kept.',
  ],
} as const satisfies Texts;
