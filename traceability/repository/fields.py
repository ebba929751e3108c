"""Where in an event a thing stands: the roles of identifiers and the places of attributes."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """The list that names an identifier, as kept in ``trace_event_epcs.role``."""

    EPC = 1
    CHILD = 2
    PARENT = 3
    INPUT = 4
    OUTPUT = 5
    #: Classes and lots of quantity elements.
    QUANTITY = 6
    CHILD_QUANTITY = 7
    INPUT_QUANTITY = 8
    OUTPUT_QUANTITY = 9


#: What the MATCH_ parameters of the standard look at.
ITEMS = (Role.EPC, Role.CHILD, Role.PARENT, Role.INPUT, Role.OUTPUT)
#: How events name items that they bring into being.
MADE_ITEMS = (Role.EPC, Role.OUTPUT)
CLASSES = (Role.QUANTITY, Role.CHILD_QUANTITY, Role.INPUT_QUANTITY, Role.OUTPUT_QUANTITY)


class Field(IntEnum):
    """Where an attribute stands, as kept in ``trace_event_attributes.field``.

    What an extension holds deeper inside has the number of its place and :data:`INNER` added.
    """

    #: ``name`` is the canonical type, empty if none is told; ``value`` the canonical identifier.
    BIZ_TRANSACTION = 1
    SOURCE = 2
    DESTINATION = 3
    #: ``name`` is ``set`` or ``unset``.
    PERSISTENT_DISPOSITION = 4
    #: ``name`` is ``correctiveEventIDs``.
    DECLARATION = 5
    #: The standard's own fields of sensor elements; ``name`` is the field.
    SENSOR_METADATA = 6
    SENSOR_REPORT = 7
    #: From here on ``name`` is the full IRI of an extension.
    EXTENSION = 20
    ILMD = 21
    DECLARATION_EXTENSION = 22
    SENSOR_ELEMENT_EXTENSION = 23
    SENSOR_METADATA_EXTENSION = 24
    SENSOR_REPORT_EXTENSION = 25
    READ_POINT_EXTENSION = 26
    BIZ_LOCATION_EXTENSION = 27


#: Added to the place of an extension for what is inside another extension.
INNER = 100
