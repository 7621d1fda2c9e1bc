<%@ page language="java" contentType="text/html; charset=UTF-8" %>
<!DOCTYPE html>
<html lang="en">
<head><title>Zimbra Administration</title></head>
<body>
<p>The lab's error page.</p>
</body>
</html>
