"""The functions that queries may call: a list of what is allowed, by the engine's own categories.

A list of what is forbidden would have to grow with every version of the engine; this one does not. What is left out,
and why:

- what reads anything but the query's rows: dictionaries (`dictGet`), `file`, `joinGet`, models (`evalMLMethod`,
  `naiveBayesClassifier`), services (`ai…`), embedded dictionaries (`regionTo…`);
- what tells of the server: `hostName`, `version`, `uptime`, `currentUser`, `getSetting`, `getMacro`, `tcpPort`,
  `serverUUID`, `queryID`, names of databases and tables (`currentDatabase`, `hasColumnInTable`), `showCertificate`,
  and introspection (`addressToLine`, `logTrace`, `blockNumber`);
- what waits or fails on purpose: `sleep`, `throwIf`, `aggThrow`;
- what takes code, types or names of functions as text: `arrayReduce`, `initializeAggregation`, `formatRow`,
  `accurateCast`, `reinterpret`, `defaultValueOfTypeName`, `getSubcolumn`, `parseQueryToJSON`. States of aggregates are
  read without checks, so they can be made of rows (-State, -Merge) and of nothing else: no text becomes one, since the
  type AggregateFunction cannot be named anywhere, and what would take one apart or move it is not on the list
  (`finalizeAggregation`, `runningAccumulate`);
- what cannot be stopped at its time limit because one call may take long: several patterns at once (`multiMatchAny`),
  distances between texts, every element with every other (`hasAll`, `hasAny`, `hasSubstr`), element by element
  (`arrayFold`), exact tests, `pointInPolygon`, `h3…`; and what makes large texts and arrays of nothing (`repeat`,
  `leftPad`, `printf`, `arrayWithConstant`, `arrayResize`); `range` is bounded by a setting;
- encryption, and obscure categories of which queries about apps have no use.
"""

from __future__ import annotations

from typing import Final

_PLAIN = {
    "arithmetic": """
        abs divide divideDecimal divideOrNull gcd ifNotFinite intDiv intDivOrNull intDivOrZero isFinite isInfinite
        isNaN lcm max2 midpoint min2 minus mod modulo moduloOrNull moduloOrZero multiply multiplyDecimal negate plus
        positiveModulo pmod sqr""",
    "arrays": """
        array arrayAll arrayAvg arrayCompact arrayConcat arrayCount arrayCumSum arrayCumSumNonNegative
        arrayDifference arrayDistinct arrayDotProduct arrayElement arrayElementOrNull arrayEnumerate
        arrayEnumerateDense arrayEnumerateUniq arrayExcept arrayExists arrayFill arrayFilter arrayFirst
        arrayFirstIndex arrayFirstOrNull arrayFlatten arrayIntersect arrayJaccardIndex arrayJoin arrayLast
        arrayLastIndex arrayLastOrNull arrayMap arrayMax arrayMin arrayPartialSort arrayPopBack arrayPopFront
        arrayProduct arrayPushBack arrayPushFront arrayRemove arrayReverse arrayReverseFill
        arrayReverseSort arrayReverseSplit arrayRotateLeft arrayRotateRight arrayShiftLeft arrayShiftRight arraySlice
        arraySort arraySplit arrayStringConcat arraySum arraySymmetricDifference arrayUnion arrayUniq
        arrayZip countEqual empty emptyArrayString emptyArrayToSingle flatten has
        indexOf length notEmpty notHas range reverse""",
    "bits": """
        bitAnd bitCount bitHammingDistance bitNot bitOr bitPositionsToArray bitRotateLeft bitRotateRight bitShiftLeft
        bitShiftRight bitSlice bitTest bitTestAll bitTestAny bitXor""",
    "bitmaps": """
        bitmapAnd bitmapAndCardinality bitmapAndnot bitmapAndnotCardinality bitmapBuild bitmapCardinality
        bitmapContains bitmapHasAll bitmapHasAny bitmapMax bitmapMin bitmapOr bitmapOrCardinality bitmapToArray
        bitmapXor bitmapXorCardinality""",
    "comparison": """
        equals greater greaterOrEquals isDistinctFrom isNotDistinctFrom less lessOrEquals notEquals""",
    "conditions": """
        and assumeNotNull caseWithExpression clamp coalesce firstNonDefault greatest if ifNull isNotNull isNull
        isNullable isZeroOrNull least multiIf not nullIf or toNullable xor""",
    "times": """
        addDate addDays addHours addInterval addMicroseconds addMilliseconds addMinutes addMonths addQuarters
        addSeconds addWeeks addYears age changeDay changeHour changeMinute changeMonth changeSecond changeYear curdate
        current_date current_timestamp date date_bin date_diff date_format date_trunc dateAdd dateDiff dateName
        dateSub dateTrunc date_add date_sub day dayOfMonth dayOfWeek dayOfYear formatDateTime formatDateTimeInJodaSyntax
        fromDaysSinceYearZero fromModifiedJulianDay fromUnixTimestamp fromUnixTimestamp64Micro
        fromUnixTimestamp64Milli fromUnixTimestamp64Nano fromUnixTimestamp64Second from_unixtime hour last_day
        makeDate makeDate32 makeDateTime makeDateTime64 microsecond millisecond minute month monthName now now64
        quarter second subDate subtractDays subtractHours subtractInterval subtractMicroseconds subtractMilliseconds
        subtractMinutes subtractMonths subtractQuarters subtractSeconds subtractWeeks subtractYears time_bucket
        timeDiff timestamp timestamp_add timestamp_sub
        timestamp_diff timeSlot timeSlots timezoneOf timezoneOffset toDayOfMonth toDayOfWeek
        toDayOfYear toDaysInMonth toDaysSinceYearZero toHour toISOWeek toISOYear toLastDayOfMonth toLastDayOfWeek
        toMicrosecond toMillisecond toMinute toModifiedJulianDay toMonday toMonth toMonthNumSinceEpoch toNanosecond
        toQuarter toRelativeDayNum toRelativeHourNum toRelativeMinuteNum toRelativeMonthNum toRelativeQuarterNum
        toRelativeSecondNum toRelativeWeekNum toRelativeYearNum toSecond toStartOfDay toStartOfFifteenMinutes
        toStartOfFiveMinute toStartOfFiveMinutes toStartOfHour toStartOfInterval toStartOfISOYear
        toStartOfMicrosecond toStartOfMillisecond toStartOfMinute toStartOfMonth toStartOfNanosecond toStartOfQuarter
        toStartOfSecond toStartOfTenMinutes toStartOfWeek toStartOfYear toTimeWithFixedDate toTimezone toUnixTimestamp
        toUnixTimestamp64Micro toUnixTimestamp64Milli toUnixTimestamp64Nano toUnixTimestamp64Second toUTCTimestamp
        toWeek today toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toYear toYearNumSinceEpoch toYearWeek tumble tumbleEnd
        tumbleStart hop hopEnd hopStart week year yearweek yesterday""",
    "encoding": "ascii base64Decode base64Encode bin char hex tryBase64Decode unbin unhex",
    "distance": "cosineDistance dotProduct geoDistance geohashDecode geohashEncode greatCircleAngle greatCircleDistance"
    " L1Distance L1Norm L2Distance L2Norm LinfDistance LinfNorm",
    "hashes": "cityHash64 CRC32 farmHash64 halfMD5 intHash32 intHash64 javaHash jumpConsistentHash MD5 murmurHash2_32"
    " murmurHash2_64 murmurHash3_32 murmurHash3_64 SHA1 SHA224 SHA256 SHA512 sipHash64 sipHash128"
    " xxHash32 xxHash64 xxh3",
    "addresses": """
        cutIPv6 IPv4CIDRToRange IPv4NumToString IPv4StringToNum IPv4StringToNumOrDefault IPv4StringToNumOrNull
        IPv4ToIPv6 IPv6CIDRToRange IPv6NumToString IPv6StringToNum IPv6StringToNumOrDefault IPv6StringToNumOrNull
        isIPAddressInRange isIPv4String isIPv6String toIPv4 toIPv4OrDefault toIPv4OrNull toIPv4OrZero toIPv6
        toIPv6OrDefault toIPv6OrNull toIPv6OrZero""",
    "json": """
        dynamicElement dynamicType isValidJSON JSONAllPaths JSONAllPathsWithTypes JSONArrayLength JSONDynamicPaths
        JSONExtract JSONExtractArrayRaw JSONExtractBool JSONExtractFloat JSONExtractInt JSONExtractKeys
        JSONExtractKeysAndValues JSONExtractKeysAndValuesRaw JSONExtractRaw JSONExtractString JSONExtractUInt JSONHas
        JSONKey JSONLength JSONType JSON_ARRAY_LENGTH JSON_EXISTS JSON_QUERY JSON_VALUE simpleJSONExtractBool
        simpleJSONExtractFloat simpleJSONExtractInt simpleJSONExtractRaw simpleJSONExtractString
        simpleJSONExtractUInt simpleJSONHas toJSONString variantElement variantType visitParamExtractBool
        visitParamExtractFloat visitParamExtractInt visitParamExtractRaw visitParamExtractString
        visitParamExtractUInt visitParamHas""",
    "maps and tuples": """
        extractKeyValuePairs flattenTuple map mapAdd mapAll mapApply mapConcat mapContains mapContainsKey
        mapContainsKeyLike mapContainsValue mapExists mapExtractKeyLike mapFilter mapFromArrays mapKeys mapReverseSort
        mapSort mapSubtract mapUpdate mapValues tuple tupleConcat tupleDivide tupleDivideByNumber tupleElement
        tupleHammingDistance tupleMinus tupleMultiply tupleMultiplyByNumber tupleNames tupleNegate tuplePlus
        tupleToNameValuePairs untuple""",
    "mathematics": """
        acos acosh asin asinh atan atan2 atanh cbrt ceil ceiling cos cosh degrees e erf erfc exp exp10 exp2 floor
        hypot intExp10 intExp2 lgamma ln log log10 log1p log2 pi pow power proportionsZTest radians round roundAge
        roundBankers roundDown roundDuration roundToExp2 sigmoid sign sin sinh sqrt tan tanh tgamma trunc truncate
        widthBucket width_bucket minSampleSizeContinuous minSampleSizeConversion""",
    "random numbers": "generateUUIDv4 generateUUIDv7 rand rand32 rand64 randCanonical randConstant",
    "texts": """
        alphaTokens appendTrailingCharIfAbsent base32Decode base32Encode basename caseFoldUTF8 char_length
        character_length concat concat_ws concatAssumeInjective concatWithSeparator convertCharset countMatches
        countMatchesCaseInsensitive countSubstrings countSubstringsCaseInsensitive decodeHTMLComponent
        decodeXMLComponent encodeXMLComponent endsWith endsWithCaseInsensitive endsWithUTF8 extract extractAll
        extractAllGroups extractAllGroupsHorizontal extractAllGroupsVertical extractGroups extractTextFromHTML
        firstLine format hasPhrase hasSubsequence hasSubsequenceCaseInsensitive hasToken hasTokenCaseInsensitive
        hasAllTokens hasAnyTokens hasTokenOrNull ilike initcap initcapUTF8 instr isValidASCII isValidUTF8 lcase left
        leftUTF8 lengthUTF8 like locate lower lowerUTF8 ltrim match mid normalizeUTF8NFC
        normalizeUTF8NFD normalizeUTF8NFKC normalizeUTF8NFKD notILike notLike octet_length overlay overlayUTF8
        position positionCaseInsensitive positionCaseInsensitiveUTF8 positionUTF8 regexp_extract
        regexp_replace regexp_substr regexpExtract regexpQuoteMeta regexpPosition removeDiacriticsUTF8 replace
        replaceAll replaceOne replaceRegexpAll replaceRegexpOne reverseUTF8 right rightUTF8
        rtrim soundex splitByChar splitByNonAlpha splitByRegexp splitByString splitByWhitespace startsWith
        startsWithCaseInsensitive startsWithUTF8 stringBytesEntropy stringBytesUniq stringJaccardIndex substr
        substring substring_index substringIndex substringIndexUTF8 substringUTF8 tokens toStringCutToZero
        toValidUTF8 translate translateUTF8 trim trimBoth trimLeft trimRight ucase upper upperUTF8 array_to_string""",
    "types": """
        parseDateTime parseDateTime32BestEffort parseDateTime32BestEffortOrNull parseDateTime32BestEffortOrZero
        parseDateTime64 parseDateTime64BestEffort parseDateTime64BestEffortOrNull parseDateTime64BestEffortOrZero
        parseDateTimeBestEffort parseDateTimeBestEffortOrNull parseDateTimeBestEffortOrZero parseDateTimeBestEffortUS
        parseDateTimeInJodaSyntax parseDateTimeOrNull parseDateTimeOrZero parseISO8601Duration parseReadableSize
        parseTimeDelta toBool toDate toDate32 toDate32OrNull toDate32OrZero toDateOrDefault toDateOrNull toDateOrZero
        toDateTime toDateTime32 toDateTime64 toDateTime64OrDefault toDateTime64OrNull toDateTime64OrZero
        toDateTimeOrDefault toDateTimeOrNull toDateTimeOrZero toDecimal128 toDecimal128OrNull toDecimal128OrZero
        toDecimal32 toDecimal32OrNull toDecimal32OrZero toDecimal64 toDecimal64OrDefault toDecimal64OrNull
        toDecimal64OrZero toDecimalString toFixedString toFloat32 toFloat32OrDefault toFloat32OrNull toFloat32OrZero
        toFloat64 toFloat64OrDefault toFloat64OrNull toFloat64OrZero toInt16 toInt16OrDefault toInt16OrNull
        toInt16OrZero toInt32 toInt32OrDefault toInt32OrNull toInt32OrZero toInt64 toInt64OrDefault toInt64OrNull
        toInt64OrZero toInt8 toInt8OrDefault toInt8OrNull toInt8OrZero toInt128 toInt256 toIntervalDay toIntervalHour
        toIntervalMicrosecond toIntervalMillisecond toIntervalMinute toIntervalMonth toIntervalNanosecond
        toIntervalQuarter toIntervalSecond toIntervalWeek toIntervalYear toLowCardinality toString toUInt16
        toUInt16OrDefault toUInt16OrNull toUInt16OrZero toUInt32 toUInt32OrDefault toUInt32OrNull toUInt32OrZero
        toUInt64 toUInt64OrDefault toUInt64OrNull toUInt64OrZero toUInt8 toUInt8OrDefault toUInt8OrNull toUInt8OrZero
        toUInt128 toUInt256 toUUID toUUIDOrDefault toUUIDOrNull toUUIDOrZero""",
    "addresses of the web": """
        cutFragment cutQueryString cutQueryStringAndFragment cutToFirstSignificantSubdomain cutURLParameter cutWWW
        decodeURLComponent decodeURLFormComponent domain domainWithoutWWW encodeURLComponent encodeURLFormComponent
        extractURLParameter extractURLParameterNames extractURLParameters firstSignificantSubdomain fragment netloc
        path pathFull port protocol queryString queryStringAndFragment topLevelDomain URLHierarchy
        URLPathHierarchy""",
    "other": """
        bar byteSize countDigits errorCodeToName formatReadableDecimalSize formatReadableQuantity formatReadableSize
        formatReadableTimeDelta grouping identity ignore materialize rowNumberInAllBlocks toTypeName transform
        UUIDv7ToDateTime""",
}

_AGGREGATES = """
    any any_respect_nulls any_value anyHeavy anyLast anyLast_respect_nulls approx_top_count approx_top_k
    approx_top_sum argMax argMin array_agg avg avgWeighted bit_and bit_or bit_xor boundingRatio
    categoricalInformationValue contingency corr corrStable count covar_pop covar_samp covarPop covarPopStable
    covarSamp covarSampStable cramersV cramersVBiasCorrected cume_dist deltaSum deltaSumTimestamp dense_rank denseRank
    entropy exponentialMovingAverage first_value first_value_respect_nulls gini group_concat groupArray
    groupArrayInsertAt groupArrayIntersect groupArrayLast groupArrayMovingAvg groupArrayMovingSum groupArraySample
    groupArraySorted groupBitAnd groupBitmap groupBitOr groupBitXor groupConcat groupUniqArray histogram
    intervalLengthSum kurtPop kurtSamp lag lagInFrame largestTriangleThreeBuckets last_value
    last_value_respect_nulls lead leadInFrame mannWhitneyUTest max max_by maxIntersections maxIntersectionsPosition
    meanZTest median medianExact medianTDigest min min_by nonNegativeDerivative nth_value ntile percent_rank
    percentRank quantile quantileDD quantileExact quantileExactHigh quantileExactLow quantileExactWeighted quantileGK
    quantileInterpolatedWeighted quantiles quantilesDD quantilesExact quantilesExactHigh quantilesExactLow
    quantilesExactWeighted quantilesGK quantilesTDigest quantilesTDigestWeighted quantilesTiming quantileTDigest
    quantileTDigestWeighted quantileTiming rank rankCorr retention row_number sequenceCount sequenceMatch
    simpleLinearRegression singleValueOrNull skewPop skewSamp sparkbar std stddev stddev_pop stddev_samp stddevPop
    stddevPopStable stddevSamp stddevSampStable string_agg studentTTest studentTTestOneSample sum sumCount sumKahan
    sumMap sumMappedArrays maxMappedArrays minMappedArrays maxMap minMap sumWithOverflow theilsU topK topKWeighted
    uniq uniqCombined uniqCombined64 uniqExact uniqHLL12 uniqUpTo var_pop var_samp varPop varPopStable varSamp
    varSampStable welchTTest windowFunnel
"""
#: words that may follow an aggregate's name; longest first
_COMBINATORS: Final = (
    "MergeState", "OrDefault", "Distinct", "ForEach", "ArgMax", "ArgMin", "OrNull", "Array", "State", "Merge", "Map",
    "If",
)  # fmt: skip

AGGREGATES: Final = frozenset(name.lower() for name in _AGGREGATES.split())
#: lower case: names that the engine takes in any case are so written by the parser
FUNCTIONS: Final = frozenset(name.lower() for names in _PLAIN.values() for name in names.split()) | AGGREGATES

#: how the engine itself calls operators and other grammar once a query is read
OPERATORS: Final = frozenset(
    "lambda cast _cast in notin globalin globalnotin nullin exists between countdistinct minus negate arrayelement "
    "tupleelement caseWithExpression casewithoutexpression casewithexpr casewithoutexpr interval".lower().split()
)


def may_call(name: str) -> bool:
    """Whether a query may call the function or aggregate, whose combinators are all known."""
    return name.lower() in FUNCTIONS or _aggregate(name) is not None


def is_known_to_grammar(name: str) -> bool:
    """Whether the engine's own reading of an allowed query may have it."""
    return may_call(name) or name.lower() in OPERATORS


def _aggregate(name: str) -> str | None:
    while name.lower() not in AGGREGATES:
        stem = next((name[: -len(each)] for each in _COMBINATORS if name.endswith(each)), None)
        if not stem:
            return None
        name = stem
    return name
