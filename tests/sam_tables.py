#!/usr/bin/env python3
"""Makes the tables of SAM that are bundled from the package aws-sam-translator (Apache-2.0):

    sam_policy_templates.json   name -> {parameters, statement}
    sam_connectors.json         {profiles: source type -> destination type -> profile, resources: type -> what is known of it}

Without arguments the tables are written; with --check they are compared with the installed package: status 1 when they
differ, 77 when the package is not installed.
"""
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "src" / "extract" / "data"


def load(package):
    root = pathlib.Path(package.__path__[0])
    templates = json.loads((root / "policy_templates_data" / "policy_templates.json").read_text("utf-8"))
    profiles = json.loads((root / "model" / "connector_profiles" / "profiles.json").read_text("utf-8"))
    return templates["Templates"], profiles


def policy_templates(templates):
    lines = []
    for name, template in sorted(templates.items()):
        assert set(template["Definition"]) == {"Statement"}, name
        row = {
            "parameters": sorted(template["Parameters"]),
            "statement": template["Definition"]["Statement"],
        }
        lines.append(f"{json.dumps(name)}: {json.dumps(row, sort_keys=True)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def connectors(profiles):
    lines = []
    for source, destinations in sorted(profiles["Permissions"].items()):
        rows = []
        for destination, profile in sorted(destinations.items()):
            properties = profile["Properties"]
            row = {
                "type": profile["Type"],
                "source": properties["SourcePolicy"],
                "combinations": properties.get("ValidAccessCategories", []),
                "permissions": properties["AccessCategories"],
            }
            rows.append(f"  {json.dumps(destination)}: {json.dumps(row)}")
        lines.append(f" {json.dumps(source)}: {{\n" + ",\n".join(rows) + "\n }")
    resources = []
    for resource, properties in sorted(profiles["CfnResourceProperties"].items()):
        row = {"role": properties.get("Inputs", {}).get("Role"), "outputs": properties.get("Outputs", {})}
        resources.append(f" {json.dumps(resource)}: {json.dumps(row)}")
    return (
        '{"profiles": {\n' + ",\n".join(lines) + '\n},\n"resources": {\n' + ",\n".join(resources) + "\n}}\n"
    )


def main():
    try:
        import samtranslator
    except ImportError:
        print("skipped: aws-sam-translator is not installed")
        return 77
    templates, profiles = load(samtranslator)
    status = 0
    for name, text in [
        ("sam_policy_templates.json", policy_templates(templates)),
        ("sam_connectors.json", connectors(profiles)),
    ]:
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            print(f"{name} differs from aws-sam-translator {samtranslator.__version__}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
