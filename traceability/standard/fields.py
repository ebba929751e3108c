"""The fields of events: which stand in which type, and what is a time, a number, a URI."""

from types import MappingProxyType

ACTIONS = ("OBSERVE", "ADD", "DELETE")
TIMES = ("time", "startTime", "endTime")
NUMBERS = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
#: Fields of sensor reports that hold a URI; some stand in their metadata too.
URIS = (
    "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism",
    "chemicalSubstance", "coordinateReferenceSystem", "uriValue",
)  # fmt: skip
_WHERE_AND_WHY = (
    "bizStep", "disposition", "persistentDisposition", "readPoint", "bizLocation", "bizTransactionList", "sourceList",
    "destinationList", "sensorElementList",
)  # fmt: skip
_PARENTED = ("parentID", "childEPCs", "childQuantityList", "action", *_WHERE_AND_WHY)
#: Fields of each type of event beside those that all have, and which of them must be there.
EVENTS = MappingProxyType(
    {
        "ObjectEvent": (("epcList", "quantityList", "action", "ilmd", *_WHERE_AND_WHY), ("action",)),
        "AggregationEvent": (_PARENTED, ("action",)),
        "AssociationEvent": (_PARENTED, ("action", "parentID")),
        "TransactionEvent": (
            ("parentID", "epcList", "quantityList", "action", *_WHERE_AND_WHY),
            ("action", "bizTransactionList"),
        ),
        "TransformationEvent": (
            (
                "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID", "ilmd",
                *_WHERE_AND_WHY,
            ),
            (),
        ),
    }
)  # fmt: skip
#: Fields whose values are identifiers, alone or in a list.
IDENTIFIERS = ("parentID", "transformationID", "epcList", "childEPCs", "inputEPCList", "outputEPCList", "eventID")
