// Names of the metric catalogue, as server/policy/metrics.cc has them.
import {pick, type Words} from './event_words';
import type {Lang} from '../lib/i18n';

const METRICS: Readonly<Record<string, Words>> = {
  M01: ['số ngày có hoạt động', 'days with an activity'],
  M02: ['số hoạt động', 'activities'],
  M03: ['số thành viên có hoạt động', 'active members'],
  M04: ['số thành viên', 'members'],
  M05: ['đủ thành phần', 'seats complete'],
  M06: ['cập nhật tháng đúng hạn', 'monthly update on time'],
  M07: ['cập nhật tháng được xác nhận', 'monthly update confirmed'],
  M08: ['số hộ được hướng dẫn', 'households reached'],
  M09: ['số người được hướng dẫn', 'people guided'],
  M10: ['số lượt cài đặt ứng dụng', 'app installs'],
  M11: ['số tài khoản được mở', 'accounts opened'],
  M12: ['tỷ lệ hồ sơ nộp và xử lý trực tuyến', 'share of dossiers submitted and processed online'],
  M12b: ['tỷ lệ hồ sơ nộp trực tuyến', 'share of dossiers submitted online'],
  M13: ['tỷ lệ hộ có kỹ năng số', 'share of households with digital skills'],
  M14: ['tỷ lệ hộ cài ứng dụng', 'share of households with the app'],
  M14b: ['tỷ lệ người dân cài ứng dụng', 'share of residents with the app'],
  M15: ['tỷ lệ hộ thanh toán không tiền mặt', 'share of households paying without cash'],
  M15b: ['tỷ lệ người dân có tài khoản thanh toán điện tử', 'share of residents paying electronically'],
  M16: ['tỷ lệ hộ nông nghiệp trên sàn', 'share of farm households on a platform'],
  M17: ['số mô hình được công nhận', 'accepted models'],
  M18: ['tỷ lệ người lớn dùng ứng dụng', 'share of adults with a smartphone using the app'],
  M19: ['số buổi tập huấn', 'training sessions'],
  M20: ['tỷ lệ nhiệm vụ hoàn thành', 'share of tasks done'],
  M21: ['điểm kiểm tra', 'inspection score'],
  M22: ['độ trễ đồng bộ (giờ, phân vị 95)', 'sync delay, hours, 95th percentile'],
  M23: ['tỷ lệ hoạt động nghi ngờ về thời gian', 'share of activities with suspect time'],
  M24: ['độ phủ tổ', 'team coverage'],
  M25: ['tỷ lệ tổ được hỗ trợ', 'share of supported teams'],
  M26: ['xã được công nhận', 'commune recognised'],
  M27: ['điểm tổng hợp', 'composite score'],
  M28: ['thứ hạng', 'rank'],
  M29: ['đã chi so với được hưởng', 'paid against entitled'],
  M30: ['kinh phí còn lại', 'budget left'],
};

// Empty for a metric that this page does not know: its id says it.
export function metricWords(id: string, lang: Lang): string {
  const words = METRICS[id];
  return words === undefined ? '' : pick(words, lang);
}
