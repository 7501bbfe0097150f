"""The fields of a dossier that a programme may ask for; the registry keeps each for a purpose, and a test holds the two together."""

FIELDS = frozenset(
    {
        *("id", "version", "school_id"),
        *("name", "sex", "born_on", "ethnicity", "id_number"),
        *("grade", "class_name", "boarding", "academic_concern", "entered_on", "left_on", "left_reason"),
        *("left_behind_type", "left_behind", "watch_until", "note"),
        *("in_poverty", "health", "disability", "address", "family"),
        *("basis", "retention_ends", "anonymised_at", "links_ended_at"),
    }
)
