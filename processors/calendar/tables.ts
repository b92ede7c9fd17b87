/**
 * What makes a trading day on each venue: regular phases, and the days that are otherwise. Data only.
 *
 * Full holidays on weekdays are `MMDD` per year; a year that is not listed is not covered, and what depends on it says
 * so instead of guessing. Source of the days: version 4.13.2 of the open `exchange_calendars` tables, XNAS for Nasdaq
 * and XBOM for NSE (the cash markets of BSE and NSE keep the same holidays). Source of the times: NSE's timings of the
 * capital-market segment, Nasdaq's trading hours.
 *
 * Not covered: Muhurat evenings and special Saturday or Sunday sessions of NSE (they count as closed: no order goes out
 * on them), and halts, which the venue announces.
 */
import type { TradingPhase } from '../../schemas/generated/index.ts'

/** From `from_min` minutes of the local day on. */
export interface PhaseStart {
  readonly from_min: number
  readonly phase: TradingPhase
}

/** A day's phases in order of time; before the first it is CLOSED. */
export type DayPlan = readonly PhaseStart[]

const at = (hours: number, minutes: number): number => hours * 60 + minutes

/** Opening auction 09:00-09:15, continuous to 15:30. The session at the closing price (15:40-16:00) counts as closed. */
export const NSE_DAY: DayPlan = [
  { from_min: at(9, 0), phase: 'AUCTION' },
  { from_min: at(9, 15), phase: 'OPEN' },
  { from_min: at(15, 30), phase: 'CLOSED' },
]

/** Extended hours are PRE_OPEN and CLOSED here: orders of this system are for the regular session. */
export const NASDAQ_DAY: DayPlan = [
  { from_min: at(4, 0), phase: 'PRE_OPEN' },
  { from_min: at(9, 30), phase: 'OPEN' },
  { from_min: at(16, 0), phase: 'CLOSED' },
]

export const NASDAQ_HALF_DAY: DayPlan = [
  { from_min: at(4, 0), phase: 'PRE_OPEN' },
  { from_min: at(9, 30), phase: 'OPEN' },
  { from_min: at(13, 0), phase: 'CLOSED' },
]

export type DaysByYear = Readonly<Record<number, string>>

export const NSE_HOLIDAYS: DaysByYear = {
  2019: '0304 0321 0417 0419 0429 0501 0605 0812 0815 0902 0910 1002 1008 1021 1028 1112 1225',
  2020: '0221 0310 0402 0406 0410 0414 0501 0525 1002 1116 1130 1225',
  2021: '0126 0311 0329 0402 0414 0421 0513 0721 0819 0910 1015 1104 1105 1119',
  2022: '0126 0301 0318 0414 0415 0503 0809 0815 0831 1005 1024 1026 1108',
  2023: '0126 0307 0330 0404 0407 0414 0501 0629 0815 0919 1002 1024 1114 1127 1225',
  2024: '0122 0126 0308 0325 0329 0411 0417 0501 0520 0617 0717 0815 1002 1101 1115 1120 1225',
  2025: '0226 0314 0331 0410 0414 0418 0501 0815 0827 1002 1021 1022 1105 1225',
  2026: '0115 0126 0303 0326 0331 0403 0414 0501 0528 0626 0914 1002 1020 1110 1124 1225',
}

export const NASDAQ_HOLIDAYS: DaysByYear = {
  2012: '0102 0116 0220 0406 0528 0704 0903 1029 1030 1122 1225',
  2013: '0101 0121 0218 0329 0527 0704 0902 1128 1225',
  2014: '0101 0120 0217 0418 0526 0704 0901 1127 1225',
  2015: '0101 0119 0216 0403 0525 0703 0907 1126 1225',
  2016: '0101 0118 0215 0325 0530 0704 0905 1124 1226',
  2017: '0102 0116 0220 0414 0529 0704 0904 1123 1225',
  2018: '0101 0115 0219 0330 0528 0704 0903 1122 1205 1225',
  2019: '0101 0121 0218 0419 0527 0704 0902 1128 1225',
  2020: '0101 0120 0217 0410 0525 0703 0907 1126 1225',
  2021: '0101 0118 0215 0402 0531 0705 0906 1125 1224',
  2022: '0117 0221 0415 0530 0620 0704 0905 1124 1226',
  2023: '0102 0116 0220 0407 0529 0619 0704 0904 1123 1225',
  2024: '0101 0115 0219 0329 0527 0619 0704 0902 1128 1225',
  2025: '0101 0109 0120 0217 0418 0526 0619 0704 0901 1127 1225',
  2026: '0101 0119 0216 0403 0525 0619 0703 0907 1126 1225',
}

/** Days that close at 13:00. */
export const NASDAQ_HALF_DAYS: DaysByYear = {
  2012: '0703 1123 1224',
  2013: '0703 1129 1224',
  2014: '0703 1128 1224',
  2015: '1127 1224',
  2016: '1125',
  2017: '0703 1124',
  2018: '0703 1123 1224',
  2019: '0703 1129 1224',
  2020: '1127 1224',
  2021: '1126',
  2022: '1125',
  2023: '0703 1124',
  2024: '0703 1129 1224',
  2025: '0703 1128 1224',
  2026: '1127 1224',
}
