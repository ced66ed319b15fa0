// Every kind of finding there is. Names are read by programs: they are only
// ever added.
#ifndef THON_TOOLS_VERIFY_FINDING_KINDS_H_
#define THON_TOOLS_VERIFY_FINDING_KINDS_H_

#include "tools/verify/findings.h"

namespace thon::verify::kinds {

// clang-format off
#define THON_FINDING(id, name, check, weight, vi, en) \
  static_assert(sizeof(vi) > 1 && sizeof(en) > 1, "say it in both languages"); \
  inline constexpr FindingKind id{name, Check::check, Weight::weight, vi, en}

// The pack.
THON_FINDING(kManifestDiffers, "MANIFEST_DIFFERS", kPack, kFailed,
  "Bản kê nói khác với chính gói này", "the manifest says something else than the pack holds");
THON_FINDING(kFileMissing, "FILE_MISSING", kPack, kFailed,
  "Thiếu một tệp mà gói phải có", "a file that the pack must hold is missing");
THON_FINDING(kFileDiffers, "FILE_DIFFERS", kPack, kFailed,
  "Một tệp không có nội dung mà bản kê ghi", "a file is not the one that the manifest lists");
THON_FINDING(kFileUnlisted, "FILE_UNLISTED", kPack, kFailed,
  "Một tệp không có trong bản kê", "a file that the manifest does not list");
THON_FINDING(kTreeEmpty, "TREE_EMPTY", kPack, kNotChecked,
  "Sổ không có mục nào, dù mục đầu tiên phải mở sổ", "the log holds no entry, not even the one that opens it");
THON_FINDING(kEntriesAbsent, "ENTRIES_ABSENT", kPack, kNotChecked,
  "Gói không chứa mọi mục của sổ", "the pack does not hold every entry of the log");
THON_FINDING(kPackOfLostEntries, "PACK_OF_LOST_ENTRIES", kPack, kNoted,
  "Gói kết thúc ở những mục mà sổ đã khai là mất; điều nó nói về lúc đó không so được",
  "a pack ends in entries that the log declares lost; what it says as of them is not compared");
THON_FINDING(kKeyFromManifest, "KEY_FROM_MANIFEST", kCheckpoint, kNoted,
  "CHÚ Ý: khóa của sổ lấy từ chính gói này. Hãy hỏi khóa từ nơi khác và chạy lại với --log-key",
  "TAKE CARE: the log's key is the one that the pack itself names; get it from somebody else and run again with --log-key");

// Entries and tiles.
THON_FINDING(kLeafDiffers, "LEAF_DIFFERS", kEntries, kFailed,
  "Mục không phải là mục mà cây băm chứa", "an entry is not the one that the tree holds");
THON_FINDING(kBundleMissing, "BUNDLE_MISSING", kEntries, kFailed,
  "Thiếu một bó mục", "a bundle of entries is missing");
THON_FINDING(kBundleMalformed, "BUNDLE_MALFORMED", kEntries, kFailed,
  "Một bó mục không đúng dạng", "a bundle of entries is not of its form");
THON_FINDING(kEntryMalformed, "ENTRY_MALFORMED", kEntries, kFailed,
  "Mục không đúng dạng", "an entry is not of its form");
THON_FINDING(kEntryVersionUnknown, "ENTRY_VERSION_UNKNOWN", kEntries, kNotChecked,
  "Mục thuộc một phiên bản mà chương trình này không biết: hãy dùng bản mới hơn",
  "an entry of a version that this program does not know: use a newer one");
THON_FINDING(kPositionGap, "POSITION_GAP", kEntries, kFailed,
  "Vị trí không nối tiếp nhau", "positions do not follow each other");
THON_FINDING(kTileMissing, "TILE_MISSING", kTiles, kFailed,
  "Thiếu một ô của cây băm", "a tile is missing");
THON_FINDING(kTileMalformed, "TILE_MALFORMED", kTiles, kFailed,
  "Một ô của cây băm không đúng dạng", "a tile is not of its form");
THON_FINDING(kTileDiffers, "TILE_DIFFERS", kTiles, kFailed,
  "Ô của cây băm không khớp với các ô bên dưới", "a tile does not follow from the tiles below it");
THON_FINDING(kRootDiffers, "ROOT_DIFFERS", kRoot, kFailed,
  "Gốc của cây băm khác với điểm chốt", "the root of the tree is not the checkpoint's");
THON_FINDING(kRootNotComputed, "ROOT_NOT_COMPUTED", kRoot, kFailed,
  "Không tính được gốc vì thiếu ô", "the root cannot be computed: tiles are missing");

// Checkpoints.
THON_FINDING(kCheckpointMissing, "CHECKPOINT_MISSING", kCheckpoint, kFailed,
  "Gói không có điểm chốt", "the pack has no checkpoint");
THON_FINDING(kCheckpointMalformed, "CHECKPOINT_MALFORMED", kCheckpoint, kFailed,
  "Điểm chốt không đúng dạng", "a checkpoint is not of its form");
THON_FINDING(kCheckpointUnsigned, "CHECKPOINT_UNSIGNED", kCheckpoint, kFailed,
  "Điểm chốt không có chữ ký đúng của sổ", "a checkpoint is not signed by the log's key");
THON_FINDING(kLogKeyDiffers, "LOG_KEY_DIFFERS", kCheckpoint, kFailed,
  "Khóa đã cho không phải là khóa mà sổ tự khai", "the key is not the one that the log declares for its origin");
THON_FINDING(kLogKeyNotChecked, "LOG_KEY_NOT_CHECKED", kCheckpoint, kNotChecked,
  "Kỷ nguyên của điểm chốt được khai ở những mục mà gói không chứa",
  "the checkpoint's epoch is declared in entries that the pack does not hold");
THON_FINDING(kCosignatureBad, "COSIGNATURE_BAD", kWitnesses, kFailed,
  "Một chữ ký chứng kiến là sai", "a witness's cosignature is not the witness's");
THON_FINDING(kQuorumMissing, "QUORUM_MISSING", kWitnesses, kFailed,
  "Không đủ bên chứng kiến", "the cosignatures do not satisfy the quorum");
THON_FINDING(kCosignaturesIgnored, "COSIGNATURES_IGNORED", kWitnesses, kNoted,
  "Có chữ ký chứng kiến nhưng không có chính sách tin cậy để kiểm (--trust-policy)",
  "there are cosignatures; --trust-policy says whose to believe");
THON_FINDING(kOlderDiffers, "OLDER_CHECKPOINT_DIFFERS", kConsistency, kFailed,
  "Lịch sử đã bị viết lại: điểm chốt cũ không nằm trong sổ này",
  "the history was rewritten: an older checkpoint is no prefix of this log");
THON_FINDING(kOlderBeyond, "OLDER_CHECKPOINT_BEYOND", kConsistency, kFailed,
  "Điểm chốt cũ chốt nhiều mục hơn sổ này có", "an older checkpoint covers more entries than this log has");
THON_FINDING(kOlderForeign, "OLDER_CHECKPOINT_FOREIGN", kConsistency, kFailed,
  "Điểm chốt thuộc một sổ hay kỷ nguyên mà sổ này không khai",
  "a checkpoint of a log or an epoch that this log does not declare");
THON_FINDING(kDeclaredLoss, "DECLARED_LOSS", kConsistency, kNoted,
  "Điểm chốt cũ chốt những mục mà sổ đã khai là mất", "an older checkpoint covers entries that the log declares lost");
THON_FINDING(kOlderNotChecked, "OLDER_CHECKPOINT_NOT_CHECKED", kConsistency, kNotChecked,
  "Không so được điểm chốt cũ", "an older checkpoint could not be compared");

// Chains, signatures, authors.
THON_FINDING(kChainGap, "CHAIN_GAP", kChains, kFailed,
  "Số của tác giả không nối tiếp nhau", "an author's numbers do not follow each other");
THON_FINDING(kChainBroken, "CHAIN_BROKEN", kChains, kFailed,
  "Lô không nối vào lô trước của tác giả", "a batch does not name its author's batch before it");
THON_FINDING(kFork, "FORK", kChains, kNoted,
  "Hai lô cùng nhận một số: khóa đã bị sao chép", "two batches claim the same numbers: a key was copied");
THON_FINDING(kForkServersWord, "FORK_SERVERS_WORD", kChains, kNoted,
  "Sổ ghi một chỗ rẽ nhánh mà không kèm lô kia: chỉ là lời của máy chủ",
  "a fork whose other batch is not in the log: that it is one is the server's word");
THON_FINDING(kForkUnproven, "FORK_UNPROVEN", kChains, kFailed,
  "Sổ ghi một chỗ rẽ nhánh mà không chứng minh được", "the log records a fork that it does not prove");
THON_FINDING(kWithdrawn, "WITHDRAWN", kChains, kNoted,
  "Tác giả rút một sự kiện không gửi được", "an author withdrew an event that could never be sent");
THON_FINDING(kSignatureBad, "SIGNATURE_BAD", kSignatures, kFailed,
  "Chữ ký trên lô không phải của tác giả", "a batch's signature is not its author's");
THON_FINDING(kAuthorNotEnrolled, "AUTHOR_NOT_ENROLLED", kAuthors, kFailed,
  "Tác giả chưa được ghi danh", "an author without enrolment");
THON_FINDING(kAuthorUnknown, "AUTHOR_UNKNOWN", kAuthors, kNotChecked,
  "Tác giả ghi danh trước đoạn sổ này, nên không có khóa để kiểm",
  "an author was enrolled before these entries, so that the key is not known");
THON_FINDING(kEnrolmentInvalid, "ENROLMENT_INVALID", kAuthors, kFailed,
  "Ghi danh không hợp lệ", "an enrolment that is not proved");
THON_FINDING(kEnrolmentRestored, "ENROLMENT_RESTORED", kAuthors, kNoted,
  "Ghi danh lại sau khi sổ mất phần cuối", "an enrolment that was recorded again after a declared loss");
THON_FINDING(kSuccessor, "SUCCESSOR", kAuthors, kNoted,
  "Khóa kế nhiệm", "a key that succeeds another");
THON_FINDING(kRevoked, "AUTHOR_REVOKED", kAuthors, kNoted,
  "Khóa bị thu hồi", "a key that was revoked");
THON_FINDING(kRevokedWrites, "REVOKED_AUTHOR_WRITES", kAuthors, kNoted,
  "Lô ghi sau khi khóa bị thu hồi (được giữ lại chờ xét)", "a batch recorded after its key was revoked");
THON_FINDING(kServerMisplaced, "SERVER_AUTHOR_MISPLACED", kAuthors, kFailed,
  "Máy chủ ghi điều chỉ được ghi ở đầu sổ hay đầu kỷ nguyên",
  "a server's author does what only opens a log or an epoch, or has been replaced");

// Epochs and calendar.
THON_FINDING(kEpoch, "EPOCH_OPENED", kEpochs, kNoted,
  "Sổ được khôi phục và mở kỷ nguyên mới", "the log was restored and goes on in a new epoch");
THON_FINDING(kEpochDiffers, "EPOCH_DIFFERS", kEpochs, kFailed,
  "Điều kỷ nguyên khai không đúng với sổ", "what an epoch declares is not so");
THON_FINDING(kReceiveTimeFalls, "RECEIVE_TIME_FALLS", kCalendar, kFailed,
  "Thời gian nhận lùi lại", "a receive time is before that of the entry before");
THON_FINDING(kDayNotOpened, "DAY_NOT_OPENED", kCalendar, kFailed,
  "Mục nhận trong một ngày chưa được mở", "an entry was received on a day that was not opened");
THON_FINDING(kDayOutOfOrder, "DAY_OUT_OF_ORDER", kCalendar, kFailed,
  "Ngày được mở sai thứ tự hay quá sớm", "a day was opened out of order, or before it began");
THON_FINDING(kDayOpenedLate, "DAY_OPENED_LATE", kCalendar, kNoted,
  "Ngày được mở muộn (máy chủ nghỉ)", "a day was opened late: the server was down");
THON_FINDING(kClockSuspect, "CLOCK_SUSPECT", kCalendar, kNoted,
  "Không biết chắc thời điểm của sự kiện", "an event whose time is not known for sure");
THON_FINDING(kClockEstimated, "CLOCK_ESTIMATED", kCalendar, kNoted,
  "Thời điểm ước theo đồng hồ của máy", "an event whose time is its device's word");
THON_FINDING(kClockWrong, "CLOCK_WRONG", kCalendar, kNoted,
  "Đồng hồ của máy sai quá mười phút", "a device's wall clock was more than ten minutes off");

// The fold.
THON_FINDING(kFoldNotFromStart, "FOLD_NOT_FROM_START", kFold, kNotChecked,
  "Không tính lại được: gói không bắt đầu từ mục đầu tiên",
  "nothing can be folded: the pack does not begin with the first entry");
THON_FINDING(kFoldStopped, "FOLD_STOPPED", kFold, kNotChecked,
  "Việc tính lại dừng giữa chừng", "the fold stopped before the end");
THON_FINDING(kUnknownType, "UNKNOWN_EVENT_TYPE", kFold, kNoted,
  "Loại sự kiện mà chương trình này không biết", "an event of a type that this program does not know");
THON_FINDING(kCommandFailed, "COMMAND_WITHOUT_EFFECT", kFold, kNoted,
  "Lệnh của cán bộ không có hiệu lực", "an officer's command without effect");
THON_FINDING(kOfficerSignature, "OFFICER_SIGNATURE_NOT_CHECKED", kFold, kNotChecked,
  "Lệnh mang khóa hay chữ ký riêng của cán bộ mà chưa ai kiểm được",
  "a command with a key or a signature of the officer's own, which nobody can check");
THON_FINDING(kServerEventFailed, "SERVER_EVENT_WITHOUT_EFFECT", kFold, kNoted,
  "Sự kiện do máy chủ tự ghi không có hiệu lực", "an event of the server's own without effect");
THON_FINDING(kHeld, "HELD_EVENT", kFold, kNoted,
  "Sự kiện chờ người xét", "an event that waits for a person's decision");
THON_FINDING(kQuarantined, "QUARANTINED_EVENT", kFold, kNoted,
  "Sự kiện bị cách ly", "an event in quarantine");
THON_FINDING(kNotCounted, "EVENT_NOT_COUNTED", kFold, kNoted,
  "Sự kiện không được tính", "an event that does not count");
THON_FINDING(kAccess, "AUDITOR_READ", kFold, kNoted,
  "Kiểm toán viên đã đọc sổ", "an auditor read the log");

// State roots and rows.
THON_FINDING(kStateRootDiffers, "STATE_ROOT_DIFFERS", kStateRoots, kFailed,
  "Gốc trạng thái khác với gốc tính lại", "a state root is not the one that was computed here");
THON_FINDING(kStateRootUnnamed, "STATE_ROOT_UNNAMED", kStateRoots, kFailed,
  "Gốc trạng thái ở một vị trí mà sổ không gọi tên", "a state root at a position that the log does not name");
THON_FINDING(kStateRootMissing, "STATE_ROOT_MISSING", kStateRoots, kNoted,
  "Vị trí được gọi tên mà chưa có gốc trạng thái", "a position that the log names and has no state root yet");
THON_FINDING(kStateRootLate, "STATE_ROOT_LATE", kStateRoots, kNotChecked,
  "Vị trí được gọi tên đã lâu mà chưa có gốc trạng thái; có thể máy chủ vừa chạy lại",
  "a position that the log named long ago and has no state root; the server may have just come back");
THON_FINDING(kStateRootNever, "STATE_ROOT_NEVER_RECORDED", kStateRoots, kFailed,
  "Máy chủ vẫn chạy mà không ghi gốc trạng thái ở vị trí được gọi tên",
  "the server ran on and never recorded the state root of a position that the log names");
THON_FINDING(kStateRootsIncomplete, "STATE_ROOTS_INCOMPLETE", kStateRoots, kFailed,
  "Bản ghi gốc trạng thái không có đủ mỗi bảng một lần", "a record of state roots does not have each projection once");
THON_FINDING(kVersionNotCarried, "VERSION_NOT_CARRIED", kStateRoots, kNotChecked,
  "Phiên bản bảng mà chương trình này không có", "a version of a projection that this program does not carry");
THON_FINDING(kRowDiffers, "ROW_DIFFERS", kRows, kFailed,
  "Dòng của máy chủ khác với dòng tính lại", "the server's row is not the one that was computed here");
THON_FINDING(kRowMissing, "ROW_MISSING", kRows, kFailed,
  "Máy chủ thiếu một dòng", "the server lacks a row that was computed here");
THON_FINDING(kRowInvented, "ROW_INVENTED", kRows, kFailed,
  "Máy chủ có một dòng không suy ra được từ sổ", "the server has a row that does not follow from the log");
THON_FINDING(kRowsMalformed, "ROWS_MALFORMED", kRows, kFailed,
  "Tệp dòng không đúng dạng", "a file of rows is not of its form");
THON_FINDING(kRowsAbsent, "ROWS_ABSENT", kRows, kNotChecked,
  "Gói không có dòng của máy chủ để so", "the pack has no rows of the server to compare");

// Money.
THON_FINDING(kTotalDiffers, "TOTAL_DIFFERS", kMoney, kFailed,
  "Tổng số tiền khác với số đã cho", "the sum is not the one that was expected");
THON_FINDING(kTotalNotComputed, "TOTAL_NOT_COMPUTED", kMoney, kNotChecked,
  "Không tính được tổng", "the sum could not be computed");
THON_FINDING(kAssumption, "ASSUMPTION", kMoney, kNoted,
  "Tham số mà tiền dựa vào nhưng không nêu nguồn", "a parameter that money rests on and that names no source");
THON_FINDING(kPolicyUnreadable, "POLICY_UNREADABLE", kMoney, kNotChecked,
  "Không đọc được chính sách", "a policy that this program cannot read");

// What somebody kept.
THON_FINDING(kReceiptBroken, "RECEIPT_BROKEN", kReceipts, kFailed,
  "Lời hứa trên biên nhận bị phá: mục đó không nằm trong sổ",
  "a receipt's promise is broken: the entry is not in this log");
THON_FINDING(kReceiptUnsigned, "RECEIPT_UNSIGNED", kReceipts, kFailed,
  "Biên nhận không có chữ ký đúng của sổ", "a receipt is not signed by the log's key");
THON_FINDING(kReceiptDiffers, "RECEIPT_DIFFERS", kReceipts, kFailed,
  "Biên nhận nói khác với mục mà nó hứa", "a receipt says something else than the entry that it promises");
THON_FINDING(kProofBroken, "PROOF_BROKEN", kReceipts, kFailed,
  "Bằng chứng không dẫn tới gốc đã ký", "a proof does not lead to the root that was signed");
THON_FINDING(kEvidenceUnfounded, "EVIDENCE_UNFOUNDED", kReceipts, kFailed,
  "Tệp bằng chứng không chứng minh điều nó nói", "a file of evidence does not show what it says");
THON_FINDING(kEvidenceInconclusive, "EVIDENCE_INCONCLUSIVE", kReceipts, kNotChecked,
  "Bằng chứng chưa đủ để kết luận", "the evidence proves nothing yet");
THON_FINDING(kReceiptLost, "RECEIPT_DECLARED_LOST", kReceipts, kNoted,
  "Mục của biên nhận nằm trong phần sổ đã khai là mất", "a receipt's entry is among those that the log declares lost");
THON_FINDING(kReceiptNotChecked, "RECEIPT_NOT_CHECKED", kReceipts, kNotChecked,
  "Chưa kiểm được biên nhận", "a receipt could not be checked");

#undef THON_FINDING
// clang-format on

}  // namespace thon::verify::kinds

#endif  // THON_TOOLS_VERIFY_FINDING_KINDS_H_
