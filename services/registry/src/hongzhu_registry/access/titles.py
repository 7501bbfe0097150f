"""What the roles are called."""

from hongzhu.i18n import _


def of_roles() -> dict[str, str]:
    """Say what each role is called in the reader's language."""
    return {
        "admin": _("Administrator"),
        "bureau": _("Bureau"),
        "school": _("School"),
        "teacher": _("Teacher"),
        "agency": _("Agency"),
        "auditor": _("Auditor"),
        "protection": _("Child protection officer"),
        "notifier": _("Notifier"),
        "guardian": _("Guardian"),
        "link": _("A teacher, by the link in a notice"),
    }
