# SPDX 2.3 document of one image: the image, our program, and each Debian package it has files of.
# $table: lines of name, version, architecture, source name, source version

def id(text): "SPDXRef-" + (text | gsub("[^A-Za-z0-9.-]"; "-"));

def package: {
    SPDXID: id("Package-" + .[0]),
    name: .[0],
    versionInfo: .[1],
    supplier: "Organization: Debian",
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    copyrightText: "NOASSERTION",
    sourceInfo: "built from Debian source package \(.[3]) \(.[4])",
    externalRefs: [{
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: "pkg:deb/debian/\(.[0] | @uri)@\(.[1] | @uri)?arch=\(.[2])&distro=debian-13&upstream=\(.[3] | @uri)%40\(.[4] | @uri)"
    }]
};

def ours(ref; title): {
    SPDXID: ref,
    name: title,
    versionInfo: $version,
    supplier: "Organization: Holdfast",
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "Apache-2.0",
    licenseDeclared: "Apache-2.0",
    copyrightText: "NOASSERTION"
};

($table | split("\n") | map(select(. != "") | split("\t"))) as $rows
| id("Image") as $image
| id("Program") as $program
| {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "holdfast-\($name)-\($version)",
    documentNamespace: "\($source)/sbom/\($name)-\($version)-\($hash)",
    creationInfo: { created: $created, creators: ["Organization: Holdfast"] },
    packages: (
        [
            (ours($image; "holdfast/\($name)") + { primaryPackagePurpose: "CONTAINER", description: $title }),
            (ours($program; "holdfast-\($name)") + { primaryPackagePurpose: "APPLICATION" })
        ]
        + ($rows | map(package))
    ),
    relationships: (
        [
            { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: $image },
            { spdxElementId: $image, relationshipType: "CONTAINS", relatedSpdxElement: $program }
        ]
        + ($rows | map(
            if .[2] == "source" then
                { spdxElementId: $program, relationshipType: "STATIC_LINK", relatedSpdxElement: id("Package-" + .[0]) }
            else
                { spdxElementId: $image, relationshipType: "CONTAINS", relatedSpdxElement: id("Package-" + .[0]) }
            end))
    )
}
