// Tables of rows. A table's number is on disk: numbers are only ever added. The
// tens digit groups them by the projection that writes them; nobody else may.
#ifndef THON_PROJECTIONS_TABLES_H_
#define THON_PROJECTIONS_TABLES_H_

#include <cstdint>

namespace thon {

enum class Table : std::uint8_t {
  // acts: calendar, documents, grants and what became of commands.
  kCalendar = 1,        // "" -> CalendarRow
  kDocument = 2,        // document hash(32) -> DocumentRow
  kCommandOutcome = 3,  // officer(8) idempotency key -> CommandOutcome
  kGrant = 4,           // officer(8) grant(8) -> GrantRow
  kGrantOfficer = 5,    // grant(8) -> officer(8)
  kStateRoot = 6,       // position(8) -> StateRootRow
  // units
  kUnit = 10,        // unit(8) -> UnitRow
  kUnitByCode = 11,  // code 0x00 from_date(4) unit(8) -> ""
  kUnitChild = 12,   // parent(8) child(8) -> "" (for any time; check UnitRow)
  kMap = 13,         // "" -> position(8) of the last change of the map
  // registry
  kTeam = 20,            // team(8) -> TeamRow
  kTeamByUnit = 21,      // unit(8) team(8) -> "" (for any time; check TeamRow)
  kOrganisation = 22,    // organisation(8) -> OrganisationRow
  kAuthor = 23,          // author(16) -> AuthorRow
  kAuthorByTeam = 24,    // team(8) author(16) -> ""
  kAuthorByNumber = 25,  // number(4) -> author(16)
  kEnrolmentCode = 26,   // code hash(32) -> EnrolmentCodeRow
  kRegistryCounters = 27,      // name -> number(8)
  kAuthorByOrganisation = 28,  // organisation(8) author(16) -> ""
  // activity
  kTimeline = 30,  // author(16) -> AuthorTimelineRow
  kStandings =
      31,  // author(16) first sequence of 64(8) -> EntryStandings; read
           // with StandingsOf (activity.h)
  kActivityDay =
      32,           // team(8) date(4) -> ActivityDay; an organisation's id has
                    // its highest bit set
  kTeamMonth = 33,  // team(8) month(4) -> TeamMonth
  kHousehold = 34,  // team(8) month(4) pseudonym(16) -> count(8); likewise
  kWaiting = 35,    // kind(1) team, organisation or author, then author(16)
                    // sequence(8) of the event that waits for it -> ""
  kOrganisationMonth = 36,  // organisation(8) month(4) -> TeamMonth
  kOriginal = 37,  // original author(16) sequence(8) event hash(32) -> the
                   // event that counts for it: author(16) sequence(8)
  kOverride = 38,  // author(16) sequence(8) -> EventOverride
  kTask = 39,      // team(8) task(8) -> TaskRow
  // eligibility
  kPolicy = 40,   // policy id 0x00 version(4) -> PolicyRow
  kList = 41,     // list id -> RegistrationListRow
  kFunding = 42,  // policy id 0x00 position(8) -> FundingRow
  kDetermination =
      43,  // policy id 0x00 month(4) kind(1) beneficiary(8) -> Determination
  kTopUp = 44,             // policy id 0x00 unit(8) position(8) -> TopUpRow
  kMobilisation = 45,      // team(8) policy id 0x00 date(4) mobilisation(8) ->
                           // MobilisationRow
  kMobilisationById = 46,  // mobilisation(8) -> its key in kMobilisation
  kOtherSupport = 47,      // team(8) -> OtherSupportRow
  kHeldMonth = 48,         // policy id 0x00 month(4) team(8) -> HeldMonthRow
  kTransition = 49,        // policy id 0x00 -> TransitionRow
  // sync_health
  kSyncHealth = 50,  // author(16) -> SyncHealthRow
  // emulation
  kIndicator = 60,     // unit(8) metric id 0x00 month(4) -> IndicatorRow
  kModel = 61,         // model(8) -> ModelRow
  kModelByUnit = 62,   // unit(8) quarter(4) model(8) -> "", accepted ones
  kObservation = 63,   // unit(8) metric id 0x00 as_of_date(4) position(8) ->
                       // IndicatorRow; all that count
  kProposal = 64,      // model(8) position(8) -> ModelRow; all that count
  kContribution = 65,  // author(16) sequence(8) of an indicator or a proposal
                       // -> Event, as it contributes; "" if it does not
};

}  // namespace thon

#endif  // THON_PROJECTIONS_TABLES_H_
