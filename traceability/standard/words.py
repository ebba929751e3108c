"""The words of the Core Business Vocabulary and of GS1's web vocabulary, by the field that takes them."""

from types import MappingProxyType

CBV = "https://ref.gs1.org/cbv/"
VOC = "https://gs1.org/voc/"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BIZ_STEPS = _listed(
    "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting"
    " decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting"
    " installing killing loading other packing picking receiving removing repackaging repairing replacing reserving"
    " retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting"
    " unloading unpacking void_shipping"
)
DISPOSITIONS = _listed(
    "active available completeness_inferred completeness_verified conformant container_closed container_open damaged"
    " destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance"
    " mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed"
    " recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable"
    " unknown"
)
TRANSACTION_TYPES = _listed("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt")
PARTY_TYPES = ("owning_party", "possessing_party", "location")
ERROR_REASONS = ("did_not_occur", "incorrect_data")
COMPONENTS = _listed(
    "x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude"
    " longitude altitude"
)
ALERTS = ("ALARM_CONDITION", "ERROR_CONDITION")
MEASUREMENTS = _listed(
    "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance"
    " AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance"
    " Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity"
    " ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency"
    " Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux"
    " LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate"
    " MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux"
    " RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed"
    " SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction"
    " VolumetricFlux Wavenumber"
)

#: What stands before a word of a list in the list's full form.
STEMS = MappingProxyType(
    {
        "bizStep": (CBV + "BizStep-", BIZ_STEPS),
        "disposition": (CBV + "Disp-", DISPOSITIONS),
        "bizTransactionType": (CBV + "BTT-", TRANSACTION_TYPES),
        "partyType": (CBV + "SDT-", PARTY_TYPES),
        "reason": (CBV + "ER-", ERROR_REASONS),
        "component": (CBV + "Comp-", COMPONENTS),
        "exception": (VOC, ALERTS),
        "measurement": (VOC, MEASUREMENTS),
    }
)
#: The full form of every word, by list.
FULL = MappingProxyType(
    {name: MappingProxyType({word: stem + word for word in words}) for name, (stem, words) in STEMS.items()}
)
#: The full form of every word, whatever its list: no word stands in two of them.
FULL_OF_ANY = MappingProxyType({word: full for words in FULL.values() for word, full in words.items()})
#: How the XML binding and older JSON write the same stems.
OLDER_STEMS = MappingProxyType(
    {
        "urn:epcglobal:cbv:bizstep:": CBV + "BizStep-",
        "urn:epcglobal:cbv:disp:": CBV + "Disp-",
        "urn:epcglobal:cbv:btt:": CBV + "BTT-",
        "urn:epcglobal:cbv:sdt:": CBV + "SDT-",
        "urn:epcglobal:cbv:er:": CBV + "ER-",
    }
)
