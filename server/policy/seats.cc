#include "server/policy/seats.h"

#include <algorithm>
#include <cstdint>

#include "absl/container/inlined_vector.h"

namespace thon {
namespace {

constexpr int kNobody = -1;

// Finds people for seats by augmenting paths, seat by seat. A seat that is
// filled stays filled, so the seats that stay empty are the latest possible.
class Matching {
 public:
  Matching(const SeatTemplate& seats, const std::vector<MemberFact>& members,
           Date day)
      : seat_person_(seats.seats.size(), kNobody) {
    for (const MemberFact& member : members) {
      if (!member.IsMemberOn(day)) continue;
      std::uint32_t fits = 0;
      for (std::size_t i = 0; i < seats.seats.size(); ++i) {
        if (Fits(seats.seats[i], member)) fits |= 1u << i;
      }
      if (fits != 0) people_.push_back({member.id.value, fits, false});
    }
    // Two memberships of one person on one day are one person.
    std::sort(people_.begin(), people_.end(),
              [](const Person& a, const Person& b) { return a.id < b.id; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < people_.size(); ++i) {
      if (kept != 0 && people_[kept - 1].id == people_[i].id) {
        people_[kept - 1].fits |= people_[i].fits;
      } else {
        people_[kept++] = people_[i];
      }
    }
    people_.resize(kept);
  }

  std::vector<std::size_t> EmptySeats() {
    std::vector<std::size_t> empty;
    for (std::size_t seat = 0; seat < seat_person_.size(); ++seat) {
      for (Person& person : people_) person.asked = false;
      if (!Fill(seat)) empty.push_back(seat);
    }
    return empty;
  }

 private:
  struct Person {
    std::uint64_t id = 0;
    std::uint32_t fits = 0;  // A bit for each seat.
    bool asked = false;
  };

  static bool Fits(const SeatRule& seat, const MemberFact& member) {
    return std::any_of(member.affiliations.begin(), member.affiliations.end(),
                       [&](v1::Affiliation affiliation) {
                         return std::find(seat.any_of.begin(),
                                          seat.any_of.end(),
                                          affiliation) != seat.any_of.end();
                       });
  }

  // Puts somebody on the seat, moving others to other seats if need be. Each
  // person is asked once, so it goes no deeper than there are seats.
  bool Fill(std::size_t seat) {
    for (std::size_t i = 0; i < people_.size(); ++i) {
      Person& person = people_[i];
      if (person.asked || (person.fits >> seat & 1u) == 0) continue;
      person.asked = true;
      const auto held = std::find(seat_person_.begin(), seat_person_.end(),
                                  static_cast<int>(i));
      if (held == seat_person_.end() ||
          Fill(static_cast<std::size_t>(held - seat_person_.begin()))) {
        seat_person_[seat] = static_cast<int>(i);
        return true;
      }
    }
    return false;
  }

  absl::InlinedVector<Person, 16> people_;
  absl::InlinedVector<int, 16> seat_person_;  // By seat; kNobody.
};

}  // namespace

std::vector<std::size_t> EmptySeats(const SeatTemplate& seats,
                                    const std::vector<MemberFact>& members,
                                    Date day) {
  return Matching(seats, members, day).EmptySeats();
}

bool SeatsComplete(const SeatTemplate& seats,
                   const std::vector<MemberFact>& members, Month month) {
  const Date first = month.first_day();
  const Date last = month.last_day();
  if (seats.on == LookDay::kFirstDay) {
    return EmptySeats(seats, members, first).empty();
  }
  if (seats.on == LookDay::kLastDay) {
    return EmptySeats(seats, members, last).empty();
  }
  const bool any = seats.on == LookDay::kAnyDay;
  for (Date day = first; day <= last; day = day.Next()) {
    // Between two days on which nobody came or went nothing changes.
    const bool changes =
        day == first ||
        std::any_of(members.begin(), members.end(), [&](const MemberFact& m) {
          return m.joined == day || m.left == day;
        });
    if (changes && EmptySeats(seats, members, day).empty() == any) return any;
  }
  return !any;
}

}  // namespace thon
