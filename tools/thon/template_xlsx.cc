#include "tools/thon/template_xlsx.h"

#include <xlsxwriter.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/civil.h"

namespace thon::cli {
namespace {

constexpr char kLists[] = "Danh mục";
constexpr double kMoneyCellMax = 999'999'999;
// Dots and slashes are letters of the format, so that a table saved under any
// locale reads 500.000 and 12/10/2023.
constexpr char kMoneyFormat[] = "[>=1000000]#\\.###\\.##0;[>=1000]#\\.##0;0";
constexpr int kTextFormatIndex = 49;  // Excel's own "@".
constexpr char kDateFormat[] = "dd\\/mm\\/yyyy";

class Writer {
 public:
  Writer(const TemplateSpec& spec, const std::string& path)
      : spec_(spec), book_(workbook_new(path.c_str())) {
    header_ = workbook_add_format(book_);
    format_set_bold(header_);
    format_set_text_wrap(header_);
    format_set_align(header_, LXW_ALIGN_VERTICAL_CENTER);
    format_set_bg_color(header_, 0xD9E7F5);
    format_set_border(header_, LXW_BORDER_THIN);
    wrap_ = workbook_add_format(book_);
    format_set_text_wrap(wrap_);
    format_set_align(wrap_, LXW_ALIGN_VERTICAL_TOP);
    for (const CellForm form :
         {CellForm::kText, CellForm::kDate, CellForm::kMoney}) {
      NewFormat(form, false);
      NewFormat(form, true);
    }
  }

  lxw_error Write() {
    lxw_worksheet* const table =
        workbook_add_worksheet(book_, spec_.title_vi.c_str());
    lxw_worksheet* const guide = workbook_add_worksheet(book_, "Hướng dẫn");
    lists_ = workbook_add_worksheet(book_, kLists);
    WriteTable(table);
    WriteGuide(guide);
    worksheet_hide(lists_);
    worksheet_activate(table);
    return workbook_close(book_);
  }

 private:
  void NewFormat(CellForm form, bool example) {
    lxw_format* const format = workbook_add_format(book_);
    if (form == CellForm::kText) {
      format_set_num_format_index(format, kTextFormatIndex);
    } else {
      format_set_num_format(
          format, form == CellForm::kDate ? kDateFormat : kMoneyFormat);
    }
    if (example) {
      format_set_italic(format);
      format_set_font_color(format, 0x808080);
    }
    formats_[static_cast<int>(form)][example ? 1 : 0] = format;
  }
  lxw_format* Format(CellForm form, bool example) const {
    return formats_[static_cast<int>(form)][example ? 1 : 0];
  }

  void WriteTable(lxw_worksheet* table) {
    worksheet_set_row(table, 0, 48, nullptr);
    worksheet_freeze_panes(table, 1, 0);
    for (std::size_t i = 0; i < spec_.columns.size(); ++i) {
      const TemplateColumn& column = spec_.columns[i];
      const auto at = static_cast<lxw_col_t>(i);
      worksheet_set_column(table, at, at, Width(column),
                           Format(column.form, false));
      worksheet_write_string(
          table, 0, at,
          absl::StrCat(TitleOf(column), "\n(", column.column, ")").c_str(),
          header_);
      worksheet_write_comment(
          table, 0, at,
          absl::StrCat(column.note_vi, "\n", column.note_en).c_str());
      WriteExample(table, at, column);
      AddValidation(table, at, column);
    }
  }

  static double Width(const TemplateColumn& column) {
    if (column.form != CellForm::kText) return 16;
    return column.example.size() > 24 ? 40 : 22;
  }

  void WriteExample(lxw_worksheet* table, lxw_col_t at,
                    const TemplateColumn& column) {
    lxw_format* const format = Format(column.form, true);
    const absl::StatusOr<Date> day = ParseVietnameseDate(column.example);
    double money = 0;
    if (column.form == CellForm::kDate && day.ok()) {
      lxw_datetime time = {};
      time.year = day->year();
      time.month = day->month();
      time.day = day->day();
      worksheet_write_datetime(table, 1, at, &time, format);
    } else if (column.form == CellForm::kMoney &&
               absl::SimpleAtod(column.example, &money)) {
      worksheet_write_number(table, 1, at, money, format);
    } else if (!column.example.empty()) {
      worksheet_write_string(table, 1, at, column.example.c_str(), format);
    }
  }

  // Puts the choices on the hidden sheet; where they stand, as a formula.
  std::string PlaceList(const std::vector<std::string>& choices) {
    const lxw_col_t at = next_list_++;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      worksheet_write_string(lists_, static_cast<lxw_row_t>(i), at,
                             choices[i].c_str(),
                             Format(CellForm::kText, false));
    }
    const std::string letter(1, static_cast<char>('A' + at));
    return absl::StrCat("='", kLists, "'!$", letter, "$1:$", letter, "$",
                        choices.size());
  }

  void AddValidation(lxw_worksheet* table, lxw_col_t at,
                     const TemplateColumn& column) {
    lxw_data_validation rule = {};
    // The library takes char*, writes to none of these and copies them.
    std::string list = column.choices.empty() ? "" : PlaceList(column.choices);
    std::string title = TitleOf(column);
    std::string note = column.note_vi;
    std::string error =
        "Giá trị không hợp lệ, xem ghi chú của cột (not valid, see the "
        "column's "
        "note)";
    rule.ignore_blank = LXW_VALIDATION_ON;
    rule.dropdown = LXW_VALIDATION_ON;
    rule.show_input = LXW_VALIDATION_ON;
    rule.show_error = LXW_VALIDATION_ON;
    rule.error_type = column.open_choice ? LXW_VALIDATION_ERROR_TYPE_INFORMATION
                                         : LXW_VALIDATION_ERROR_TYPE_STOP;
    if (!column.choices.empty()) {
      rule.validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
      rule.value_formula = list.data();
    } else if (column.form == CellForm::kDate) {
      rule.validate = LXW_VALIDATION_TYPE_DATE;
      rule.criteria = LXW_VALIDATION_CRITERIA_BETWEEN;
      rule.minimum_datetime = {1990, 1, 1, 0, 0, 0};
      rule.maximum_datetime = {2199, 12, 31, 0, 0, 0};
      error = "Gõ ngày/tháng/năm, như 12/10/2023 (day/month/year)";
    } else if (column.form == CellForm::kMoney) {
      rule.validate = LXW_VALIDATION_TYPE_INTEGER;
      rule.criteria = LXW_VALIDATION_CRITERIA_BETWEEN;
      rule.minimum_number = 1;
      rule.maximum_number = kMoneyCellMax;
      error = "Gõ số đồng, không có số lẻ (whole đồng, no decimals)";
    } else if (column.letters > 0) {
      rule.validate = LXW_VALIDATION_TYPE_LENGTH;
      rule.criteria = LXW_VALIDATION_CRITERIA_EQUAL_TO;
      rule.value_number = column.letters;
      error =
          "Mã phải đủ chữ số, giữ số 0 ở đầu (all digits, zeros in front kept)";
    } else {
      rule.validate = LXW_VALIDATION_TYPE_ANY;
    }
    rule.input_title = title.data();
    rule.input_message = note.data();
    rule.error_title = title.data();
    rule.error_message = error.data();
    worksheet_data_validation_range(table, 1, at, kTemplateRows, at, &rule);
  }

  void WriteGuide(lxw_worksheet* guide) {
    worksheet_set_column(guide, 0, 0, 28, wrap_);
    worksheet_set_column(guide, 1, 1, 14, wrap_);
    worksheet_set_column(guide, 2, 3, 60, wrap_);
    lxw_row_t row = 0;
    const auto line = [&](const char* a, const char* b, const char* c,
                          const char* d, lxw_format* format) {
      worksheet_write_string(guide, row, 0, a, format);
      worksheet_write_string(guide, row, 1, b, format);
      worksheet_write_string(guide, row, 2, c, format);
      worksheet_write_string(guide, row, 3, d, format);
      ++row;
    };
    line("Cột (column)", "Bắt buộc (needed)", "Ghi gì", "What it is", header_);
    for (const TemplateColumn& column : spec_.columns) {
      line(TitleOf(column).c_str(), column.needed ? "có (yes)" : "",
           column.note_vi.c_str(), column.note_en.c_str(), wrap_);
    }
    line("Lưu (save)", "",
         "Đứng ở trang đầu, chọn Tệp > Lưu thành > CSV UTF-8 hoặc Văn bản "
         "Unicode",
         "From the first sheet, File > Save As > CSV UTF-8 or Unicode Text",
         wrap_);
    line("Thử (dry run)", "", absl::StrCat(spec_.command, " --dry-run").c_str(),
         "Reports every row and records nothing", wrap_);
    line("Ghi (record)", "", absl::StrCat(spec_.command, " --apply").c_str(),
         "Records all rows, or none if one has an error", wrap_);
  }

  const TemplateSpec& spec_;
  lxw_workbook* const book_;
  lxw_worksheet* lists_ = nullptr;
  lxw_format* header_ = nullptr;
  lxw_format* wrap_ = nullptr;
  lxw_format* formats_[3][2] = {};
  lxw_col_t next_list_ = 0;
};

}  // namespace

absl::Status WriteTemplateXlsx(const TemplateSpec& spec,
                               const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return absl::AlreadyExistsError(absl::StrCat(
        path, " đã có, không ghi đè (is there already and is left as it is)"));
  }
  const lxw_error failed = Writer(spec, path).Write();
  if (failed == LXW_NO_ERROR) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("cannot write ", path, ": ", lxw_strerror(failed)));
}

}  // namespace thon::cli
